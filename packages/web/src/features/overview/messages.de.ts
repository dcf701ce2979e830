import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Übersicht',
  'tile.gateways': 'Gateways verbunden',
  'tile.gatewaysOf': '{connected} von {all}',
  'tile.resources': 'Dienste und Ressourcen',
  'tile.public': { one: '{count} ist öffentlich', other: '{count} sind öffentlich' },
  'tile.noneAway': 'Alle sind da',
  'tile.away': { one: '{count} ist nicht verbunden', other: '{count} sind nicht verbunden' },
  'tile.nonePublic': 'Keiner ist öffentlich',
  'denied.title': 'Letzte Abweisungen',
  'denied.none': 'Zuletzt wurde nichts abgewiesen.',
  'start.title': 'Noch ist nichts veröffentlicht',
  'start.text': 'Vier Schritte führen zum ersten Dienst, den Menschen erreichen.',
  'start.action': 'Erste Schritte',
};
