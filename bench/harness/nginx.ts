import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type SpawnedProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { program, type Stage } from './stage.ts';

export interface Nginx {
  readonly port: number;
  readonly process: SpawnedProcess;
}

/** The origin: 59 bytes at `/`, `bulkBytes` at `/bulk`. On the core of the load. */
export async function startOrigin(stage: Stage, bulkBytes: number): Promise<Nginx> {
  const directory = temporaryDirectory('origin');
  const bulk = openSync(join(directory, 'bulk'), 'w');
  ftruncateSync(bulk, bulkBytes);
  closeSync(bulk);
  return startNginx(
    stage,
    stage.loadCore,
    directory,
    (port) => `
    server {
      listen 127.0.0.1:${port} backlog=16384 reuseport;
      location / { default_type text/plain; return 200 "A small answer, as an API or a health check would give it.\\n"; }
      location = /bulk { root ${directory}; default_type application/octet-stream; }
    }`,
  );
}

/** The peer: nginx as reverse proxy with pooled upstream connections, on the core of the program under test. */
export async function startProxy(stage: Stage, originPort: number): Promise<Nginx> {
  return startNginx(
    stage,
    stage.subjectCore,
    temporaryDirectory('proxy'),
    (port) => `
    upstream origin {
      server 127.0.0.1:${originPort};
      keepalive 128;
      keepalive_requests 1000000000;
    }
    server {
      listen 127.0.0.1:${port} backlog=16384;
      location / {
        proxy_pass http://origin;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $host;
      }
    }`,
  );
}

async function startNginx(
  stage: Stage,
  core: number,
  directory: string,
  server: (port: number) => string,
): Promise<Nginx> {
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(directory, name));
  // By default nginx closes a connection after 1,000 requests, which would make this a benchmark of connections.
  writeFileSync(
    file,
    `daemon off;
    worker_processes 1;
    worker_rlimit_nofile 20000;
    pid ${join(directory, 'pid')};
    error_log stderr warn;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events { worker_connections 16384; }
    http {
      access_log off;
      sendfile on;
      tcp_nodelay on;
      keepalive_requests 1000000000;
      keepalive_timeout 3600s;
      client_body_temp_path ${join(directory, 'body')};
      proxy_temp_path ${join(directory, 'proxy')};
      fastcgi_temp_path ${join(directory, 'fastcgi')};
      uwsgi_temp_path ${join(directory, 'uwsgi')};
      scgi_temp_path ${join(directory, 'scgi')};
      ${server(port)}
    }\n`,
  );
  const child = stage.start(core, program('nginx'), ['-c', file, '-p', directory]);
  await waitFor(
    async () => {
      if (child.child.exitCode !== null) throw new Error(child.output());
      return (await fetch(`http://127.0.0.1:${port}/`)).ok;
    },
    { what: 'nginx answers' },
  );
  return { port, process: child };
}
