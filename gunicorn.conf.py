"""What every gunicorn of Holdpoint starts with; it reads this file by itself."""

threads = 8
control_socket_disable = True
accesslog = "-"
# No query strings and no referrers: what people search for is nobody else's to read.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s bytes %(L)s s "%(a)s"'


def post_worker_init(worker):
    """Its logs are its own, and a task token that was pasted into an address would be in them."""
    # Not at the top: this file is read before the project can be found.
    from dashboard.logs import mask_handlers

    mask_handlers(worker.log.access_log)
    mask_handlers(worker.log.error_log)
