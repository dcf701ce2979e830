import { Fault } from '@zeronaut/model';
import { type ByteStream, dialSocket } from '@zeronaut/tunnel';

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Connects to `host:port` or `unix:/path`. `onDone` is called once, with the connected and paused stream or with a
 * Fault (`target.dial_refused`, `target.dial_timeout`). Returns how to give up; then `onDone` is not called.
 */
export function dialTarget(
  address: string,
  onDone: (stream: ByteStream | null, fault: Fault | null) => void,
  timeoutMs: number = CONNECT_TIMEOUT_MS,
): () => void {
  const giveUp = dialSocket(address, 'upstream', (stream, error) => {
    clearTimeout(timer);
    if (error === null) {
      onDone(stream, null);
      return;
    }
    const code = error.code === 'ETIMEDOUT' ? 'target.dial_timeout' : 'target.dial_refused';
    onDone(null, new Fault(code, { side: 'upstream', retry: 'yes', message: error.message, cause: error }));
  });
  const timer = setTimeout(() => {
    giveUp();
    onDone(null, new Fault('target.dial_timeout', { side: 'upstream', retry: 'yes' }));
  }, timeoutMs);
  return () => {
    clearTimeout(timer);
    giveUp();
  };
}
