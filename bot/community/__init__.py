"""What people come back for, and what those who run a server decide; no Discord, no database."""
