import { getSystemErrorMap } from 'node:util';

/** The error that Node's own sockets would have: `code` is the name of the error number. */
export function systemError(call: string, errno: number, at: string): NodeJS.ErrnoException {
  const [code, message] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
  return Object.assign(new Error(`${call} ${code}: ${message}${at === '' ? '' : ` ${at}`}`), {
    code,
    errno: -errno,
    syscall: call,
  });
}
