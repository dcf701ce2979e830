/**
 * A service, and a visitor that asks for its one page again and again through a gateway; in a thread of their own, so that
 * nothing that the benchmark does shows up in the figures. It says its port; told where the gateway is, it begins. Asked for
 * them, it gives the times that the answers since the last time took (ms).
 */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { parentPort } from 'node:worker_threads';

export type ProbeMessage =
  | { readonly type: 'begin'; readonly port: number; readonly host: string }
  | { readonly type: 'report' }
  | { readonly type: 'end' };

/** Between two requests (ms). */
const PAUSE_MS = 1;

let tookMs: number[] = [];
let end = (): void => undefined;

const origin = createServer((_, response) => response.end('hello'));
origin.listen(0, '127.0.0.1', () => parentPort!.postMessage((origin.address() as AddressInfo).port));

function begin(port: number, host: string): void {
  const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let sentAt = 0;
  let answer = '';
  let ended = false;
  const ask = (): void => {
    if (ended) return;
    sentAt = performance.now();
    socket.write(request);
  };
  socket.on('connect', ask);
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`an unexpected answer: ${answer.slice(0, 200)}`);
    if (!answer.endsWith('hello')) return;
    answer = '';
    tookMs.push(performance.now() - sentAt);
    setTimeout(ask, PAUSE_MS);
  });
  socket.on('close', () => {
    if (!ended) throw new Error('the gateway closed the connection');
  });
  end = () => {
    ended = true;
    socket.destroy();
  };
}

parentPort!.on('message', (message: ProbeMessage) => {
  if (message.type === 'begin') begin(message.port, message.host);
  if (message.type === 'report') {
    parentPort!.postMessage(tookMs);
    tookMs = [];
  }
  if (message.type === 'end') {
    end();
    origin.closeAllConnections();
    origin.close();
    parentPort!.close();
  }
});
