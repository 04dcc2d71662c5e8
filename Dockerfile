# The bot in an image: `docker build -t musicgen-bot .`, or compose.yaml beside this file.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.txt .
COPY bot/voice/requirements.txt bot/voice/
COPY bot/operations/requirements.txt bot/operations/
# Wheels alone: nothing is compiled, so no build tools are needed in either stage.
RUN pip install --no-cache-dir --only-binary :all: --prefix /install \
    -r bot/voice/requirements.txt -r bot/operations/requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
RUN pip install --no-cache-dir --no-deps --prefix /install .

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin musicgen && install -d -o musicgen -m 700 /data
COPY --from=build /install /usr/local
USER musicgen
WORKDIR /data
VOLUME /data
ENV DATA_FOLDER=/data PORT=8080
EXPOSE 8080
# 503 or no answer ends Python with 1, which Docker calls unhealthy.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=8)"]
# As a list, so that signals reach the bot itself: it drains within 5 s of SIGTERM.
ENTRYPOINT ["musicgen-bot"]
CMD ["run"]
