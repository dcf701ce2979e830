import { spawn } from 'node:child_process';

/** Tries to show `url` in a browser. Whether that works is not known; the person has the address on the screen anyway. */
export function openBrowser(url: string, platform: NodeJS.Platform = process.platform): void {
  const [command, ...args] =
    platform === 'darwin' ? ['open', url] : platform === 'win32' ? ['explorer', url] : ['xdg-open', url];
  const child = spawn(command!, args, { stdio: 'ignore', detached: true });
  // No such program: there is no browser to open.
  child.on('error', () => undefined);
  child.unref();
}
