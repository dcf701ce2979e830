import type { Reason } from '@zeronaut/model';
import type { Messages } from './messages.ts';

/** Reasons that access events can have. The others come with answers of the API, which are in English. */
type EventReason = Extract<
  Reason,
  `${'access' | 'http' | 'router' | 'balancer' | 'target' | 'gateway' | 'limit' | 'forward' | 'tunnel'}.${string}`
>;

const ASK = 'Frage um Zugang: zeronaut requests create NAME.';

/** What it is, and what to do about it. */
const TEXTS: Readonly<Record<EventReason, readonly [title: string, next: string]>> = {
  'access.public': ['Die Ressource ist öffentlich', ''],
  'access.session': ['Jemand mit Anmeldung darf es', ''],
  'access.address': ['Die Ressource erlaubt die Absenderadresse', ''],
  'access.address_authorised': ['Jemand mit Anmeldung hat die Absenderadresse freigegeben', ''],
  'access.basic': ['Name und Passwort der Ressource stimmen', ''],
  'access.share': ['Ein gültiger Freigabelink', ''],
  'access.token': ['Ein gültiges Bearer-Token', ''],
  'access.personal_access_token': ['Ein persönliches Zugriffstoken von jemandem, der es darf', ''],
  'access.portal': ['Eine eigene Seite des Gateways', ''],
  'access.device': ['Ein eingetragenes Gerät von jemandem, der es darf', ''],
  'access.policy': ['Eine Policy erlaubt es', ''],
  'access.granted': ['Eine bewilligte Zugriffsanfrage', ''],
  'access.policy_forbids': ['Eine Policy verbietet es', ASK],
  'access.step_up_required': [
    'Eine stärkere oder frischere Anmeldung ist nötig',
    'Melde dich neu an, mit dem zweiten Faktor.',
  ],
  'access.no_rule': ['Keine Regel erlaubt es', ASK],
  'access.session_missing': ['Anmeldung nötig', 'Melde dich an und versuche es noch einmal.'],
  'access.session_expired': ['Die Sitzung ist abgelaufen', 'Melde dich neu an.'],
  'access.session_revoked': ['Die Sitzung wurde beendet', 'Melde dich neu an.'],
  'access.session_invalid': ['Das Token der Sitzung ist nicht gültig', 'Melde dich neu an.'],
  'access.user_disabled': ['Das Konto ist gesperrt', 'Frage einen Administrator.'],
  'access.not_allowed': ['Diese Person darf die Ressource nicht benutzen', ASK],
  'access.basic_invalid': ['Name oder Passwort ist falsch', 'Prüfe die Zugangsdaten.'],
  'access.share_invalid': ['Der Freigabelink ist nicht gültig', 'Frage nach einem neuen Link.'],
  'access.share_expired': ['Der Freigabelink ist abgelaufen', 'Frage nach einem neuen Link.'],
  'access.token_invalid': ['Das Bearer-Token ist nicht gültig', 'Hole ein neues Token.'],
  'access.personal_access_token_invalid': [
    'Das persönliche Zugriffstoken ist nicht gültig',
    'Es wurde widerrufen oder vertippt: zeronaut tokens create macht ein neues.',
  ],
  'access.personal_access_token_expired': [
    'Das persönliche Zugriffstoken ist abgelaufen',
    'zeronaut tokens create macht ein neues.',
  ],
  'access.personal_access_token_elsewhere': [
    'Das persönliche Zugriffstoken ist für andere Ressourcen',
    'zeronaut tokens create macht eines für diese Ressource.',
  ],
  'access.address_unknown': [
    'Die Absenderadresse ist für diesen Port nicht freigegeben',
    'Melde dich am Portal an und gib deine Adresse frei.',
  ],
  'access.too_many_grants': ['Zu viele Adressen sind freigegeben', 'Widerrufe eine, die du nicht mehr brauchst.'],
  'access.rate_limited': ['Zu viele Versuche', 'Warte eine Minute und versuche es noch einmal.'],
  'access.state_invalid': ['Die Anmeldung begann nicht hier oder dauerte zu lange', 'Öffne die Seite noch einmal.'],
  'access.csrf': ['Das Formular kam nicht von unserer eigenen Seite', 'Öffne die Seite noch einmal.'],
  'access.device_unknown': ['Das Gerät ist nicht eingetragen', 'Führe zeronaut login aus.'],
  'access.device_pending': [
    'Das Gerät wartet auf Bewilligung',
    'Bitte einen Administrator, zeronaut devices approve auszuführen.',
  ],
  'access.device_revoked': ['Das Gerät wurde widerrufen', 'Frage einen Administrator.'],
  'access.unavailable': [
    'Solange die Konsole weg ist, kann sich niemand anmelden',
    'Bestehende Sitzungen laufen weiter. Versuche es später noch einmal.',
  ],
  'http.malformed': ['Die Anfrage ist kein gültiges HTTP/1.1', ''],
  'http.ambiguous': ['Die Anfrage lässt sich auf zwei Arten lesen', ''],
  'http.head_too_large': ['Der Kopf der Anfrage ist zu gross', ''],
  'http.target_too_long': ['Das Ziel der Anfrage ist zu lang', ''],
  'http.version_unsupported': ['Nur HTTP/1.1 und HTTP/1.0 werden verstanden', ''],
  'http.transfer_coding_unsupported': ['Nur „chunked“ wird als Übertragung verstanden', ''],
  'http.expectation_unsupported': ['Nur 100-continue wird verstanden', ''],
  'http.method_unsupported': ['Die Methode wird nicht unterstützt', ''],
  'http.body_too_large': ['Der Inhalt der Anfrage ist für diese Seite zu gross', ''],
  'http.misdirected': ['Host und TLS-Servername widersprechen sich', ''],
  'http.timeout': ['Die Anfrage kam nicht rechtzeitig an', ''],
  'http.https_required': ['Hier gilt https', ''],
  'router.no_resource': ['Keine Ressource heisst so', 'Prüfe die Adresse.'],
  'router.port_closed': ['Auf diesem Port antwortet keine Ressource', ''],
  'balancer.no_target': ['Kein Ziel ist verfügbar', 'Der Dienst startet vielleicht gerade neu.'],
  'balancer.agent_away': [
    'Der Agent, der diesen Dienst anbietet, ist nicht verbunden',
    'Starte ihn auf seiner Maschine neu.',
  ],
  'target.dial_refused': [
    'Der Dienst nahm die Verbindung nicht an',
    'Vielleicht läuft er nicht: Versuche es später, oder sage es denen, die ihn betreiben.',
  ],
  'target.dial_timeout': ['Der Dienst antwortete nicht rechtzeitig', ''],
  'target.reset': ['Der Dienst schloss die Verbindung, bevor er antwortete', ''],
  'target.malformed_response': ['Der Dienst schickte eine ungültige Antwort', ''],
  'target.response_timeout': ['Der Dienst antwortete nicht rechtzeitig', ''],
  'target.not_exposed': ['Der Agent bietet dieses Ziel nicht an', ''],
  'gateway.internal': ['Im Gateway ist etwas gescheitert', 'Die Anfrage-Kennung steht in seinem Log.'],
  'limit.connections': ['Das Gateway hat zu viele Verbindungen', ''],
  'limit.draining': ['Das Gateway geht gerade weg', ''],
  'forward.no_site': [
    'Kein Standort erreicht dieses Ziel',
    'Sieh bei zeronaut services nach, oder starte einen Agenten, dessen Standort es erreicht.',
  ],
  'forward.site_away': ['Der Standort, der dieses Ziel erreicht, ist nicht verbunden', 'Starte seinen Agenten neu.'],
  'forward.denied': ['Keine Policy lässt diese Person zu diesem Ziel', ASK],
  'tunnel.not_owner': ['Die Ressource gehört einem anderen Gerät', ''],
  'tunnel.unknown_resource': ['Es gibt keine solche Ressource', ''],
};

export const messages: Messages = {
  ...Object.fromEntries(
    Object.entries(TEXTS).flatMap(([reason, [title, next]]) => [
      [reason, title],
      [`${reason}.next`, next],
    ]),
  ),
  status: 'Der Dienst antwortete mit {status}',
};
