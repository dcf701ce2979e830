import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { undoLast } from '../base/notices.ts';
import { storedChoice } from '../base/stored-choice.ts';

/** Keys besides Ctrl-K. One key alone may be taken for something else by who speaks or presses by mistake, so they can be turned off (WCAG 2.1.4). */
export const singleKeys = storedChoice('zeronaut.keys', ['on', 'off']);

/** After `g`. */
export const GO_TO = {
  o: { to: '/', label: 'nav.overview' },
  r: { to: '/resources', label: 'nav.resources' },
  g: { to: '/gateways', label: 'nav.gateways' },
  d: { to: '/devices', label: 'nav.devices' },
  u: { to: '/users', label: 'nav.users' },
  p: { to: '/policies', label: 'nav.policies' },
  s: { to: '/security', label: 'nav.security' },
  i: { to: '/security/incidents', label: 'keys.incidents' },
  a: { to: '/audit', label: 'nav.audit' },
  m: { to: '/my-access', label: 'nav.mine' },
  n: { to: '/sites', label: 'nav.sites' },
  k: { to: '/service-accounts', label: 'nav.programs' },
  q: { to: '/access-requests', label: 'nav.requests' },
  e: { to: '/settings', label: 'nav.settings' },
  f: { to: '/first-steps', label: 'nav.firstRun' },
} as const;

/** How long after `g` the second key counts. */
const SEQUENCE_MS = 1_500;

/** `?` for help, `/` for the search of the page, `c` to create something on it, `z` to take back what was just done, `g` and a letter for a page. Never while somebody types or a dialog is open. */
export function useShortcuts(onHelp: () => void): void {
  const router = useRouter();
  const last = useRef(0);
  const help = useRef(onHelp);
  help.current = onHelp;
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (singleKeys.get() === 'off' || event.defaultPrevented || event.isComposing) return;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      if (document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]') !== null) return;
      const isSecond = event.timeStamp - last.current < SEQUENCE_MS;
      last.current = 0;
      if (isSecond && Object.hasOwn(GO_TO, event.key)) {
        event.preventDefault();
        void router.navigate({ to: GO_TO[event.key as keyof typeof GO_TO].to });
      } else if (event.key === 'g') {
        last.current = event.timeStamp;
      } else if (event.key === '?') {
        event.preventDefault();
        help.current();
      } else if (event.key === 'z') {
        if (undoLast()) event.preventDefault();
      } else if (event.key === 'c') {
        const create = document.querySelector<HTMLElement>('main [data-create]');
        if (create === null) return;
        event.preventDefault();
        create.click();
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('main input[type="search"]');
        if (search === null) return;
        event.preventDefault();
        search.focus();
      }
    }
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [router]);
}

/** The editor of policies stands in a shadow root, which hides what is focused in it. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input, textarea, select, [role="combobox"], [role="application"]'))
  );
}
