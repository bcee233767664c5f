"""The Amazon States Language and its histories, read without Django, boto3, clock or files."""
