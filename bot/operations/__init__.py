"""What an operator sees of a running bot: health and metrics over HTTP, where `PORT` is set."""
