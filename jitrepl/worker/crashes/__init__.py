"""What is noted when JITed code crashes, and what is made of that."""
