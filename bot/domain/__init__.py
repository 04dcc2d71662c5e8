"""What a generation is: its inputs, states, errors and rules. No I/O."""
