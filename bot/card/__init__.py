"""What people see: words, embeds, buttons. Generation -> message, pure."""
