"""Tests of the AWS boundary: shapes by Stubber, the wire by a scripted server, the rest by moto."""
