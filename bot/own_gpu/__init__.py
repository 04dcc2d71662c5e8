"""A Cog server for the graphics card of one's own: MusicGen by Hugging Face's transformers."""
