import type { Reason } from './reasons.ts';

const ASK = 'Zugriff erbitten: zeronaut requests create NAME.';
const START_AGAIN = 'Auf der Anmeldeseite neu beginnen.';
const SIGN_IN_AGAIN = 'Neu anmelden.';
const NEW_LINK = 'Um einen neuen Link bitten.';
const OPEN_AGAIN = 'Die Seite neu öffnen.';
const ADMINISTRATOR = 'An die Administration wenden.';

/** The reasons in German; one that is missing does not compile. */
export const texts: Readonly<Record<Reason, { readonly title: string; readonly next: string }>> = {
  'access.public': { title: 'Die Ressource ist öffentlich', next: '' },
  'access.session': { title: 'Ein angemeldeter Benutzer ist zugelassen', next: '' },
  'access.address': { title: 'Die Ressource lässt die Quelladresse zu', next: '' },
  'access.address_authorised': { title: 'Ein angemeldeter Benutzer hat die Quelladresse freigegeben', next: '' },
  'access.basic': { title: 'Benutzername und Passwort der Ressource stimmen', next: '' },
  'access.share': { title: 'Ein gültiger Freigabelink', next: '' },
  'access.token': { title: 'Ein gültiges Bearer-Token', next: '' },
  'access.personal_access_token': { title: 'Ein persönliches Zugriffstoken eines zugelassenen Benutzers', next: '' },
  'access.portal': { title: 'Die eigene Seite des Gateways', next: '' },
  'access.device': { title: 'Ein angemeldetes Gerät eines zugelassenen Benutzers', next: '' },
  'policy.invalid': {
    title: 'Die Policy ist falsch oder trifft nie zu',
    next: 'Dort berichtigen, wo die Fehler stehen.',
  },
  'policy.assertion_failed': {
    title: 'Eine Zusicherung gälte nicht mehr',
    next: 'Die Policy ändern, oder die Zusicherung, wenn sie überholt ist.',
  },
  'request.own': {
    title: 'Niemand entscheidet über die eigene Zugriffsanfrage',
    next: 'Eine andere zuständige Person fragen.',
  },
  'request.not_approver': {
    title: 'Darüber entscheiden andere',
    next: 'Jemanden von denen fragen, die die Zugriffsanfrage nennt.',
  },
  'request.closed': { title: 'Die Zugriffsanfrage ist nicht mehr offen', next: 'Eine neue stellen.' },
  'request.too_many': {
    title: 'Zu viele Zugriffsanfragen sind offen',
    next: 'Einige zurückziehen oder warten, bis über sie entschieden ist.',
  },
  'access.policy': { title: 'Eine Policy erlaubt es', next: '' },
  'access.granted': { title: 'Eine bewilligte Zugriffsanfrage', next: '' },
  'access.policy_forbids': {
    title: 'Eine Policy verbietet das',
    next: 'Eine Zugriffsanfrage hebt das nicht auf. Wer die Policies pflegt, findet mit der Anfrage-ID heraus, warum.',
  },
  'access.approval_required': { title: 'Ohne bewilligte Zugriffsanfrage verbietet das eine Policy', next: ASK },
  'access.segments_apart': {
    title: 'Dieses Gerät ist in einem anderen Segment als der Standort',
    next: 'Zugriff erbitten: zeronaut requests create NAME; oder ein Gerät jenes Segments benutzen.',
  },
  'access.step_up_required': {
    title: 'Es braucht eine stärkere oder frischere Anmeldung',
    next: 'Mit dem zweiten Faktor neu anmelden.',
  },
  'access.no_rule': { title: 'Keine Regel erlaubt das', next: ASK },
  'access.session_missing': { title: 'Es braucht eine Anmeldung', next: 'Anmelden und noch einmal versuchen.' },
  'access.session_expired': { title: 'Die Sitzung ist abgelaufen', next: SIGN_IN_AGAIN },
  'access.session_revoked': { title: 'Die Sitzung wurde widerrufen', next: SIGN_IN_AGAIN },
  'access.session_invalid': { title: 'Das Sitzungstoken ist ungültig', next: SIGN_IN_AGAIN },
  'access.user_disabled': { title: 'Der Benutzer ist gesperrt', next: ADMINISTRATOR },
  'access.not_allowed': { title: 'Dieser Benutzer darf diese Ressource nicht nutzen', next: ASK },
  'access.basic_invalid': { title: 'Benutzername oder Passwort ist falsch', next: 'Die Angaben prüfen.' },
  'access.share_invalid': { title: 'Der Freigabelink ist ungültig', next: NEW_LINK },
  'access.share_expired': { title: 'Der Freigabelink ist abgelaufen', next: NEW_LINK },
  'access.token_invalid': { title: 'Das Bearer-Token ist ungültig', next: 'Ein neues holen.' },
  'access.personal_access_token_invalid': {
    title: 'Das persönliche Zugriffstoken ist ungültig',
    next: 'Es wurde widerrufen oder falsch getippt: mit zeronaut tokens create ein neues machen.',
  },
  'access.personal_access_token_expired': {
    title: 'Das persönliche Zugriffstoken ist abgelaufen',
    next: 'Mit zeronaut tokens create ein neues machen.',
  },
  'access.personal_access_token_elsewhere': {
    title: 'Das persönliche Zugriffstoken ist für andere Ressourcen',
    next: 'Mit zeronaut tokens create eines für diese Ressource machen.',
  },
  'access.address_unknown': {
    title: 'Die Quelladresse ist für diesen Port nicht freigegeben',
    next: 'Auf dem Portal anmelden und die Adresse freigeben.',
  },
  'access.too_many_grants': {
    title: 'Zu viele Adressen sind freigegeben',
    next: 'Eine widerrufen, die nicht mehr gebraucht wird.',
  },
  'access.rate_limited': { title: 'Zu viele Versuche', next: 'Eine Minute warten und noch einmal versuchen.' },
  'access.state_invalid': {
    title: 'Die Anmeldung wurde nicht hier begonnen oder dauerte zu lange',
    next: OPEN_AGAIN,
  },
  'access.csrf': { title: 'Das Formular kam nicht von unserer eigenen Seite', next: OPEN_AGAIN },
  'access.device_unknown': { title: 'Das Gerät ist nicht angemeldet', next: 'zeronaut login ausführen.' },
  'access.device_pending': {
    title: 'Das Gerät wartet auf Freigabe',
    next: 'Die Administration bitten, zeronaut devices approve auszuführen.',
  },
  'access.device_revoked': { title: 'Das Gerät wurde widerrufen', next: ADMINISTRATOR },
  'access.unavailable': {
    title: 'Solange die Konsole weg ist, geht keine Anmeldung',
    next: 'Offene Sitzungen gehen weiter. Später noch einmal versuchen.',
  },
  'access.snapshot_expired': {
    title: 'Dieses Gateway hat zu lange nichts von seiner Konsole gehört',
    next: 'Es öffnet von selbst wieder, sobald es die Konsole erreicht. Für den Betreiber: zeronaut gateways list, und das Log des Gateways.',
  },
  'http.malformed': { title: 'Die Anfrage ist kein gültiges HTTP/1.1', next: '' },
  'http.ambiguous': { title: 'Die Anfrage lässt sich auf zwei Arten lesen', next: '' },
  'http.head_too_large': { title: 'Der Kopf der Anfrage ist zu gross', next: '' },
  'http.target_too_long': { title: 'Das Ziel der Anfrage ist zu lang', next: '' },
  'http.version_unsupported': { title: 'Nur HTTP/1.1 und HTTP/1.0 werden verstanden', next: '' },
  'http.transfer_coding_unsupported': { title: 'Nur die Übertragung in Stücken (chunked) wird verstanden', next: '' },
  'http.expectation_unsupported': { title: 'Nur 100-continue wird verstanden', next: '' },
  'http.method_unsupported': { title: 'Die Methode wird nicht unterstützt', next: '' },
  'http.body_too_large': { title: 'Der Inhalt der Anfrage ist für diese Seite zu gross', next: '' },
  'http.misdirected': { title: 'Host und TLS-Servername stimmen nicht überein', next: '' },
  'http.timeout': { title: 'Die Anfrage kam nicht rechtzeitig an', next: '' },
  'http.https_required': { title: 'Bitte https benutzen', next: '' },
  'router.no_resource': { title: 'Keine Ressource heisst so', next: 'Die Adresse prüfen.' },
  'router.port_closed': { title: 'Auf diesem Port horcht keine Ressource', next: '' },
  'balancer.no_target': { title: 'Kein Ziel ist verfügbar', next: 'Der Dienst startet vielleicht gerade neu.' },
  'balancer.agent_away': {
    title: 'Der Agent, der diesen Dienst veröffentlicht, ist nicht verbunden',
    next: 'Ihn auf seiner Maschine wieder starten.',
  },
  'target.dial_refused': {
    title: 'Der Dienst hat die Verbindung abgelehnt',
    next: 'Vielleicht läuft er nicht: später versuchen, oder dem Betreiber sagen.',
  },
  'target.dial_timeout': { title: 'Der Dienst hat nicht rechtzeitig geantwortet', next: '' },
  'target.reset': { title: 'Der Dienst hat die Verbindung vor der Antwort geschlossen', next: '' },
  'target.malformed_response': { title: 'Der Dienst hat eine ungültige Antwort geschickt', next: '' },
  'target.response_timeout': { title: 'Der Dienst hat nicht rechtzeitig geantwortet', next: '' },
  'target.not_exposed': { title: 'Der Agent veröffentlicht dieses Ziel nicht', next: '' },
  'gateway.internal': { title: 'Im Gateway ging etwas schief', next: 'Die Anfrage-Id steht im Log.' },
  'limit.connections': { title: 'Das Gateway hat zu viele Verbindungen', next: '' },
  'limit.concurrent': {
    title: 'Es sind schon so viele gleichzeitig da, wie es sein dürfen',
    next: 'Versuch es gleich noch einmal.',
  },
  'limit.rate': {
    title: 'Von dieser Adresse kamen zu viele Anfragen',
    next: 'Warte einen Moment und versuch es noch einmal.',
  },
  'limit.body_too_large': { title: 'Die Anfrage ist grösser, als hier erlaubt ist', next: '' },
  'limit.draining': { title: 'Das Gateway hört gerade auf', next: '' },
  'forward.no_site': {
    title: 'Kein Standort erreicht dieses Ziel',
    next: 'zeronaut services ansehen, oder einen Agenten starten, dessen Standort es erreicht.',
  },
  'forward.site_away': {
    title: 'Der Standort, der dieses Ziel erreicht, ist nicht verbunden',
    next: 'Seinen Agenten wieder starten.',
  },
  'forward.denied': { title: 'Keine Policy lässt diesen Benutzer zu diesem Ziel', next: ASK },
  'tunnel.not_owner': { title: 'Die Ressource gehört einem anderen Gerät', next: '' },
  'tunnel.unknown_resource': { title: 'Diese Ressource gibt es nicht', next: '' },
  'api.invalid': { title: 'Die Anfrage ist nicht gültig', next: 'Die genannten Felder berichtigen.' },
  'api.unauthenticated': { title: 'Es braucht eine Anmeldung', next: 'zeronaut login ausführen.' },
  'api.forbidden': { title: 'Deine Rolle erlaubt das nicht', next: ADMINISTRATOR },
  'api.administration_forbidden': {
    title: 'Eine Policy verbietet das jetzt',
    next: 'Von dort tun, wo die Policy es lässt, oder die fragen, die Policies schreiben.',
  },
  'group.in_use': {
    title: 'Etwas nennt diese Gruppe noch',
    next: 'Zuerst ändern, was sie nennt; zeronaut groups show zählt es auf.',
  },
  'api.not_found': { title: 'Das gibt es hier nicht', next: '' },
  'api.conflict': { title: 'Das gibt es schon', next: 'Ansehen, was da ist, oder einen anderen Namen wählen.' },
  'api.name_taken': { title: 'Der Name ist vergeben', next: 'Mit --name einen anderen wählen.' },
  'api.port_taken': { title: 'Der Port ist vergeben', next: 'Mit --port einen anderen wählen.' },
  'api.no_port_free': {
    title: 'Der Portbereich des Gateways ist aufgebraucht',
    next: 'Einen Dienst anhalten oder den Bereich erweitern.',
  },
  'api.no_gateway': { title: 'Es gibt noch kein Gateway', next: 'Mit zeronaut gateway run eines starten.' },
  'api.precondition_failed': {
    title: 'Jemand anders hat es inzwischen geändert',
    next: 'Neu laden und die Änderung wiederholen.',
  },
  'api.precondition_required': { title: 'If-Match ist nötig', next: 'Das gelesene ETag mitsenden.' },
  'api.too_large': { title: 'Der Inhalt der Anfrage ist zu gross', next: '' },
  'api.media_type': { title: 'Bitte application/json senden', next: '' },
  'api.upgrade_required': {
    title: 'Diese Adresse spricht WebSocket',
    next: 'Mit einem WebSocket-Programm verbinden.',
  },
  'api.rate_limited': { title: 'Zu viele Anfragen', next: 'Warten und noch einmal versuchen.' },
  'api.token_used': { title: 'Der Link oder das Token wurde schon benutzt', next: 'Um ein neues bitten.' },
  'api.device_proof': {
    title: 'Diese Sitzung gehört einem anderen Rechner',
    next: 'Auf diesem anmelden: zeronaut login; oder seine Uhr stellen, wenn sie falsch geht.',
  },
  'api.token_expired': { title: 'Der Link oder das Token ist abgelaufen', next: 'Um ein neues bitten.' },
  'api.credentials_invalid': { title: 'E-Mail-Adresse oder Passwort ist falsch', next: '' },
  'api.password_wrong': { title: 'Das jetzige Passwort ist falsch', next: '' },
  'api.password_weak': { title: 'Das Passwort ist zu schwach', next: 'Mindestens 12 Zeichen nehmen.' },
  'api.idempotency_mismatch': {
    title: 'Der Idempotency-Key wurde mit anderem Inhalt benutzt',
    next: 'Einen frischen Schlüssel nehmen.',
  },
  'api.authorization_pending': { title: 'Die Person hat noch nicht zugestimmt', next: '' },
  'api.slow_down': { title: 'Es wird zu schnell gefragt', next: '' },
  'api.access_denied': { title: 'Die Person hat abgelehnt', next: '' },
  'role.in_use': {
    title: 'Die Rolle wird gebraucht',
    next: 'Ihren Inhabern zuerst eine andere geben: zeronaut roles show NAME nennt sie.',
  },
  'api.last_owner': {
    title: 'Der letzte owner kann nicht weg',
    next: 'Zuerst jemand anderen zum owner machen.',
  },
  'audit.subject_active': {
    title: 'Das Konto ist noch offen',
    next: 'Zuerst sperren: wer noch da ist, hinterlässt neue Spuren.',
  },
  'audit.inconsistent': {
    title: 'Das Audit-Protokoll ist nicht das, das signiert wurde',
    next: 'Die Datenbank wurde an der Konsole vorbei geändert. Mit einem früheren Export vergleichen: zeronaut audit verify.',
  },
  'api.internal': { title: 'In der Konsole ging etwas schief', next: 'Die Anfrage-Id steht im Log.' },
  'api.unavailable': { title: 'Die Konsole kann gerade nicht antworten', next: 'Versuch es gleich noch einmal.' },
  'incident.ongoing': {
    title: 'Der Vorfall dauert noch an',
    next: 'Beheben, was nicht stimmt: dann schliesst er sich von selbst.',
  },
  'backup.postgres': {
    title: 'Diese Konsole hat ihre Daten in PostgreSQL',
    next: 'Die Datenbank mit pg_dump --format=custom --file=zeronaut.dump "$ZERONAUT_CONSOLE_DATABASE_URL" sichern, und master.key aus dem Datenverzeichnis kopieren.',
  },
  'backup.several_organizations': {
    title: 'Eine Sicherung enthielte die Daten anderer Organisationen',
    next: 'Wer die Konsole betreibt, macht sie auf deren Maschine: zeronaut console backup FILE.',
  },
  'backup.running': { title: 'Eine andere Sicherung läuft gerade', next: 'Warten, bis sie fertig ist.' },
  'outbound.url_invalid': {
    title: 'Die Adresse lässt sich nicht benutzen',
    next: 'https:// und einen öffentlichen Namen nehmen.',
  },
  'outbound.address_denied': {
    title: 'Die Adresse liegt in einem Netz, das nicht angewählt werden darf',
    next: 'Wer die Konsole betreibt, kann es mit ZERONAUT_CONSOLE_OUTBOUND_ALLOW erlauben.',
  },
  'outbound.unreachable': { title: 'Die andere Seite ist nicht erreichbar', next: 'Adresse und Zertifikat prüfen.' },
  'outbound.timeout': { title: 'Die andere Seite hat nicht rechtzeitig geantwortet', next: 'Noch einmal versuchen.' },
  'outbound.redirected': {
    title: 'Die andere Seite hat uns weitergeschickt',
    next: 'Die Adresse angeben, die selbst antwortet.',
  },
  'outbound.too_large': { title: 'Die Antwort ist zu gross oder komprimiert', next: '' },
  'workload.untrusted': {
    title: 'Kein Vertrauen hat diese Id',
    next: 'Die Id eines Vertrauens als client_id senden.',
  },
  'workload.malformed': { title: 'Das Token ist kein signiertes JWT', next: '' },
  'workload.algorithm': { title: 'Das Token ist mit keinem Verfahren signiert, das gilt', next: '' },
  'workload.signature': { title: 'Kein Schlüssel des Ausstellers hat dieses Token gemacht', next: '' },
  'workload.issuer': { title: 'Das Token kommt von einem anderen Aussteller', next: '' },
  'workload.issuer_invalid': {
    title: 'Der Aussteller zeigt seine Schlüssel nicht',
    next: 'Aussteller und Schlüssel prüfen.',
  },
  'workload.audience': { title: 'Das Token ist für jemand anderen', next: 'Eines mit unserer Audience verlangen.' },
  'workload.subject': { title: 'Dem Subject des Tokens wird nicht vertraut', next: '' },
  'workload.claim': { title: 'Dem Token fehlt ein Claim, den das Vertrauen verlangt', next: '' },
  'workload.expired': { title: 'Das Token ist abgelaufen', next: 'Vom Aussteller ein neues verlangen.' },
  'workload.not_yet_valid': { title: 'Das Token ist aus der Zukunft', next: 'Die Uhren vergleichen.' },
  'workload.lifetime': { title: 'Das Token gilt länger als einen Tag', next: 'Ein kürzeres verlangen.' },
  'workload.replayed': {
    title: 'Das Token wurde so oft getauscht, wie das Vertrauen erlaubt',
    next: 'Vom Aussteller ein neues verlangen.',
  },
  'workload.scope': { title: 'Diesen Scope hat das Vertrauen nicht', next: '' },
  'workload.account_disabled': { title: 'Das Servicekonto ist gesperrt', next: '' },
  'posture.invalid': { title: 'Das ist kein Zustandsbericht', next: '' },
  'posture.signature': { title: 'Den Bericht hat nicht der Schlüssel dieses Geräts signiert', next: '' },
  'posture.date': { title: 'Der Bericht ist nicht von jetzt', next: 'Die Uhren vergleichen.' },
  'api.scope_missing': {
    title: 'Die Scopes dieser Zugangsdaten erlauben das nicht',
    next: 'Zugangsdaten mit dem genannten Scope nehmen.',
  },
  'idp.not_found': { title: 'Diesen Weg zur Anmeldung gibt es nicht', next: 'Die Anmeldeseite neu öffnen.' },
  'idp.state_invalid': {
    title: 'Die Anmeldung wurde nicht in diesem Browser begonnen, schon benutzt, oder dauerte zu lange',
    next: START_AGAIN,
  },
  'idp.refused': {
    title: 'Der Identitätsanbieter hat dich nicht angemeldet',
    next: 'Noch einmal versuchen, oder den Betreiber des Anbieters fragen.',
  },
  'idp.answer_invalid': {
    title: 'Die Antwort des Identitätsanbieters ist ungültig',
    next: 'Die Administration findet Näheres mit zeronaut idp test und im Audit-Protokoll.',
  },
  'idp.signature_invalid': { title: 'Die Signatur ist nicht die des Identitätsanbieters', next: '' },
  'idp.algorithm_refused': { title: 'Die Signatur benutzt ein Verfahren, das nicht erlaubt ist', next: '' },
  'idp.key_unknown': { title: 'Kein Schlüssel des Identitätsanbieters hat diese Signatur gemacht', next: '' },
  'idp.issuer_mismatch': { title: 'Jemand anders hat es ausgestellt', next: '' },
  'idp.audience_mismatch': { title: 'Es wurde für jemand anderen ausgestellt', next: '' },
  'idp.nonce_mismatch': { title: 'Es gehört nicht zu dieser Anmeldung', next: 'Neu beginnen.' },
  'idp.time_invalid': { title: 'Es gilt jetzt nicht', next: 'Die Uhren beider Seiten prüfen.' },
  'idp.sign_in_old': {
    title: 'Die Anmeldung beim Identitätsanbieter ist zu lange her, oder er sagt nicht, wann sie war',
    next: 'Dort abmelden und neu anmelden.',
  },
  'idp.replayed': { title: 'Es wurde schon benutzt', next: START_AGAIN },
  'idp.malformed': { title: 'Es lässt sich nicht lesen', next: '' },
  'idp.unsigned': {
    title: 'Die Assertion ist nicht signiert',
    next: 'Den Identitätsanbieter Assertions signieren lassen.',
  },
  'idp.signature_misplaced': { title: 'Signiert ist nicht genau die eine Assertion', next: '' },
  'idp.undecipherable': {
    title: 'Die Assertion wurde nicht für diese Konsole verschlüsselt',
    next: 'Dem Identitätsanbieter unsere Metadaten neu geben.',
  },
  'idp.recipient_mismatch': { title: 'Es ging an eine andere Adresse', next: 'Die ACS-URL prüfen.' },
  'idp.email_missing': {
    title: 'Der Identitätsanbieter nennt keine bestätigte E-Mail-Adresse',
    next: 'Ihn eine senden lassen, oder hier in seinen Einstellungen dem trauen, was er sendet.',
  },
  'idp.email_not_owned': {
    title: 'Dieser Identitätsanbieter bürgt nicht für diese Maildomäne',
    next: 'Ein owner kann ihm die Domäne geben.',
  },
  'idp.user_unknown': {
    title: 'Niemand in der Organisation hat diese Identität',
    next: 'Die Administration um eine Einladung bitten.',
  },
  'idp.password_expired': {
    title: 'Das Verzeichnis will ein neues Passwort',
    next: 'Es dort ändern, wo deine Organisation Passwörter ändert.',
  },
  'idp.domain_taken': { title: 'Die Domäne gehört einem anderen Identitätsanbieter', next: '' },
  'idp.domain_unproved': {
    title: 'Der DNS-Eintrag, der die Domäne beweist, wurde nicht gefunden',
    next: 'Den TXT-Eintrag anlegen und noch einmal versuchen; DNS braucht manchmal Minuten.',
  },
  'idp.session_bound': {
    title: 'Diese Sitzung hat der Identitätsanbieter einer einzelnen Organisation geöffnet',
    next: 'Bei der anderen Organisation eigens anmelden.',
  },
  'scim.not_allowed': {
    title: 'Diese Zugangsdaten sprechen nicht für das Verzeichnis dieses Identitätsanbieters',
    next: 'Mit zeronaut idp scim token welche machen.',
  },
  'scim.syntax_invalid': { title: 'Der Inhalt ist nicht, was SCIM sagt', next: '' },
  'scim.filter_invalid': { title: 'Der Filter lässt sich nicht lesen oder fragt nach anderem', next: '' },
  'scim.path_invalid': { title: 'Der Pfad der Änderung lässt sich nicht lesen', next: '' },
  'scim.value_invalid': { title: 'Ein Wert ist nicht, was er sein soll', next: '' },
  'scim.read_only': { title: 'Das lässt sich nicht ändern', next: '' },
  'scim.too_many': { title: 'Das ist zu viel für eine Anfrage', next: 'In Teilen senden.' },
  'scim.taken': { title: 'Es gibt schon eines', next: '' },
  'scim.owner': {
    title: 'Ein Verzeichnis ändert keine owner',
    next: 'Den owner zuerst in der Konsole ändern.',
  },
  'factor.missing': {
    title: 'Es braucht einen zweiten Faktor',
    next: 'Den Code der Authenticator-App oder einen Wiederherstellungscode eingeben.',
  },
  'factor.enrolment_missing': {
    title: 'Deine Organisation verlangt einen zweiten Faktor, und du hast noch keinen',
    next: 'Auf den Seiten der Konsole anmelden, die einen mit dir einrichten.',
  },
  'factor.invalid': {
    title: 'Der Code ist falsch, schon benutzt oder zu alt',
    next: 'Den nächsten Code der App abwarten, oder einen Wiederherstellungscode nehmen.',
  },
  'factor.expired': { title: 'Es ist zu lange her, dass du gezeigt hast, wer du bist', next: SIGN_IN_AGAIN },
  'factor.pending_invalid': {
    title: 'Die Anmeldung dauerte zu lange, wurde zu oft versucht oder nicht in diesem Browser begonnen',
    next: SIGN_IN_AGAIN,
  },
  'factor.session_needed': {
    title: 'Das kann nur eine angemeldete Person',
    next: 'Eine Sitzung nehmen, keinen API-Schlüssel.',
  },
  'factor.exists': {
    title: 'Es gibt schon eine Authenticator-App',
    next: 'Sie entfernen, bevor eine andere eingerichtet wird.',
  },
  'factor.not_started': { title: 'Es wird gerade nichts eingerichtet', next: 'Noch einmal beginnen.' },
  'membership.home_only': {
    title: 'Das braucht eine Sitzung der Organisation, in der du zu Hause bist',
    next: 'Die Sitzung nehmen, von der gewechselt wurde.',
  },
  'invitation.open': {
    title: 'Für diese Adresse ist eine Einladung offen',
    next: 'Sie zurückziehen (zeronaut users uninvite ID) oder ersetzen: Der alte Link öffnet dann nichts mehr.',
  },
  'invitation.invalid': {
    title: 'Diese Einladung geht nicht',
    next: 'Sie wurde benutzt, zurückgezogen, ist abgelaufen oder nicht vollständig. Um eine neue bitten.',
  },
  'factor.link_invalid': {
    title: 'Dieser Link geht nicht',
    next: 'Er geht einmal, zehn Minuten lang, in dem Browser, der ihn verlangt hat. Um einen neuen bitten.',
  },
  'passkey.malformed': { title: 'Das ist kein Passkey', next: 'Noch einmal versuchen.' },
  'passkey.origin': {
    title: 'Der Passkey wurde auf einer anderen Seite benutzt',
    next: 'Unsere eigene Seite neu öffnen.',
  },
  'passkey.rp_id': {
    title: 'Der Passkey ist für eine andere Adresse',
    next: 'Einen nehmen, der hier gemacht wurde.',
  },
  'passkey.challenge': { title: 'Es dauerte zu lange oder wurde nicht in diesem Browser begonnen', next: OPEN_AGAIN },
  'passkey.replayed': { title: 'Diese Antwort wurde schon benutzt', next: OPEN_AGAIN },
  'passkey.unknown': {
    title: 'Niemand hier hat diesen Passkey',
    next: 'Vielleicht wurde er entfernt: anders anmelden und ihn neu hinzufügen.',
  },
  'passkey.other_user': { title: 'Der Passkey gehört jemand anderem', next: '' },
  'passkey.user_not_verified': {
    title: 'Der Passkey hat nicht nach Finger oder PIN gefragt',
    next: 'Einen nehmen, der es tut.',
  },
  'passkey.signature': { title: 'Der Passkey hat diese Signatur nicht gemacht', next: '' },
  'passkey.count': {
    title: 'Der Passkey zählt rückwärts, als gäbe es eine Kopie von ihm',
    next: 'Anders anmelden, ihn entfernen und neu hinzufügen.',
  },
  'passkey.attestation': {
    title: 'Der Passkey bringt ein Zeugnis seines Herstellers, das niemand verlangt hat',
    next: '',
  },
  'user.local': {
    title: 'Dieses Konto gehört zur Maschine der Konsole',
    next: 'Es öffnet nichts, wo die lokalen Zugangsdaten nicht sind.',
  },
  'passkey.attestation_missing': {
    title: 'Deine Organisation nimmt nur Passkeys bekannter Hersteller, und dieser sagt nicht, wer ihn gemacht hat',
    next: 'Einen Sicherheitsschlüssel nehmen, den deine Organisation dir gegeben hat.',
  },
  'passkey.attestation_invalid': { title: 'Das Zeugnis des Herstellers hält nicht', next: '' },
  'passkey.attestation_expired': { title: 'Das Zertifikat des Herstellers gilt jetzt nicht', next: '' },
  'passkey.attestation_untrusted': {
    title: 'Deine Organisation kennt den Hersteller dieses Passkeys nicht',
    next: 'Einen Sicherheitsschlüssel nehmen, den deine Organisation dir gegeben hat.',
  },
  'passkey.attestation_model': {
    title: 'Deine Organisation nimmt keine Passkeys dieses Modells',
    next: 'Einen Sicherheitsschlüssel nehmen, den deine Organisation dir gegeben hat.',
  },
  'passkey.roots': {
    title:
      'Hersteller von Passkeys kennt man an Zertifikaten, und es ist keines da oder eines, das sich nicht lesen lässt',
    next: 'Zertifikate der Hersteller als PEM angeben, eines nach dem anderen.',
  },
  'passkey.exists': { title: 'Dieser Passkey ist schon bekannt', next: '' },
  'passkey.too_many': {
    title: 'Es sind zu viele Passkeys',
    next: 'Einen entfernen, der nicht mehr gebraucht wird.',
  },
  'sync.older_version': { title: 'Der Snapshot ist älter als der laufende', next: '' },
  'sync.bad_signature': { title: 'Der Snapshot ist nicht von der Konsole signiert', next: '' },
  'sync.invalid': { title: 'Die Nachricht ist ungültig', next: '' },
  'sync.wrong_gateway': { title: 'Der Snapshot ist für ein anderes Gateway', next: '' },
  'config.invalid': { title: 'Die Konfigurationsdatei ist ungültig', next: '' },
};
