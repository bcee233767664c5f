# One image for web, worker, beat and commands; compose.yaml says which it is.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /opt/holdpoint
ENV PATH=/opt/holdpoint/bin:$PATH
COPY requirements.txt constraints.txt ./
RUN pip install -r requirements.txt -c constraints.txt
COPY manage.py gunicorn.conf.py ./
COPY dashboard dashboard
COPY callbacks callbacks
COPY templates templates
COPY static static
# Static files need no key of the installation; Django wants one to start at all.
RUN SECRET_KEY=only-for-this-build CELERY_BROKER_URL=memory:// \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q dashboard callbacks

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/holdpoint --create-home holdpoint
ENV PATH=/opt/holdpoint/bin:$PATH PYTHONUNBUFFERED=1 VAR_DIR=/var/lib/holdpoint
COPY --from=build /opt/holdpoint /opt/holdpoint
COPY --from=build /app /app
WORKDIR /app
USER holdpoint
# The audit file lives here: keep it on a volume.
VOLUME /var/lib/holdpoint
EXPOSE 8000
CMD ["gunicorn", "dashboard.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--worker-tmp-dir", "/dev/shm"]
