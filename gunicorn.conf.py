"""What every gunicorn of Holdpoint starts with; it reads this file by itself."""

threads = 8
control_socket_disable = True
accesslog = "-"
# No query strings and no referrers: what people search for is nobody else's to read.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s bytes %(L)s s "%(a)s"'
