"""Sign-ins and sign-outs go to the audit record."""
