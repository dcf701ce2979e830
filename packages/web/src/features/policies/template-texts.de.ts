/** What templates say, by what they say in English. `template-texts.test.ts` finds what is missing, and what no template says any more. */
export const texts: Readonly<Record<string, string>> = {
  // Templates
  'A group may use everything in a segment, whatever the rules of its resources say.':
    'Eine Gruppe darf alles in einem Segment benutzen, was auch immer die Regeln seiner Ressourcen sagen.',
  'A group, such as auditors, looks at everything and changes nothing.':
    'Eine Gruppe, etwa die Revision, sieht alles an und ändert nichts.',
  'A group of contractors gets in until a date, and not after it.':
    'Eine Gruppe von Externen kommt bis zu einem Datum hinein, danach nicht mehr.',
  'A group of contractors uses one segment and nothing else.':
    'Eine Gruppe von Externen benutzt ein Segment und sonst nichts.',
  'A group may use a segment in an emergency, with a second factor shown minutes ago. Each use becomes an incident.':
    'Eine Gruppe darf ein Segment im Notfall benutzen, mit einem vor Minuten gezeigten zweiten Faktor. Jede Benutzung wird ein Vorfall.',
  'A segment is only for those whose access request was approved.':
    'Ein Segment ist nur für jene, deren Zugriffsanfrage bewilligt wurde.',
  'A segment is for service accounts, and not for people.': 'Ein Segment ist für Dienstkonten und nicht für Menschen.',
  'A segment is for people, and not for service accounts.': 'Ein Segment ist für Menschen und nicht für Dienstkonten.',
  'Everybody needs a second factor, everywhere.': 'Alle brauchen überall einen zweiten Faktor.',
  'A segment asks for a second factor that was shown not long ago.':
    'Ein Segment verlangt einen zweiten Faktor, der vor Kurzem gezeigt wurde.',
  'A segment is open in office hours, Monday to Friday, in the time zone of the organization.':
    'Ein Segment ist zu Bürozeiten offen, Montag bis Freitag, in der Zeitzone der Organisation.',
  'Nothing in a segment is changed between two times; reading goes on.':
    'Zwischen zwei Zeitpunkten wird in einem Segment nichts geändert; Lesen geht weiter.',
  'A segment is reached from some networks only.': 'Ein Segment ist nur aus bestimmten Netzen erreichbar.',
  'A segment is reached from some countries only; whose country is unknown, is kept out.':
    'Ein Segment ist nur aus bestimmten Ländern erreichbar; wessen Land unbekannt ist, bleibt draussen.',
  'Outside of some countries, and where the country is unknown, everybody shows a second factor.':
    'Ausserhalb bestimmter Länder, und wo das Land unbekannt ist, zeigen alle einen zweiten Faktor.',
  'Forwards into a segment need a device with an encrypted disk and a screen lock, reported within a day.':
    'Weiterleitungen in ein Segment brauchen ein Gerät mit verschlüsselter Platte und Bildschirmsperre, gemeldet innert eines Tages.',
  'Whose risk is above a limit is kept out, everywhere and at once.':
    'Wessen Risiko über einer Grenze liegt, bleibt draussen, überall und sofort.',
  'Whose risk is above a limit signs in again with a second factor.':
    'Wessen Risiko über einer Grenze liegt, meldet sich mit einem zweiten Faktor neu an.',
  'Nobody but users gets into a segment, whatever is public, shared or opened by a password there.':
    'Niemand ausser den Benutzern kommt in ein Segment, was auch immer dort öffentlich, geteilt oder mit einem Passwort offen ist.',
  'Personal access tokens do not open a segment; people sign in.':
    'Persönliche Zugriffstokens öffnen ein Segment nicht; Menschen melden sich an.',
  'A part of a web application is for one group.': 'Ein Teil einer Webanwendung ist für eine Gruppe.',

  // Parameters
  'what it is about': 'worum es geht',
  'who it is about': 'um wen es geht',
  'who may go there': 'wer dorthin darf',
  'when it begins': 'wann es beginnt',
  'when it ends': 'wann es endet',
  'how old the sign-in may be': 'wie alt die Anmeldung sein darf',
  'how old its report may be': 'wie alt seine Meldung sein darf',
  'from 0 to 100': 'von 0 bis 100',
  'first hour': 'die erste Stunde',
  'the hour when it closes': 'die Stunde, zu der es schliesst',
  'where from': 'woher',
  'where none is needed': 'wo keiner nötig ist',
  'where it begins': 'wo er beginnt',

  // What they take
  'a name': 'ein Name',
  'a whole number from 0 to 1000000': 'eine ganze Zahl von 0 bis 1000000',
  'an hour from 0 to 24': 'eine Stunde von 0 bis 24',
  'a time such as 2027-01-31T18:00:00Z': 'ein Zeitpunkt wie 2027-01-31T18:00:00Z',
  'a list of networks such as 10.0.0.0/8,2001:db8::/32': 'eine Liste von Netzen wie 10.0.0.0/8,2001:db8::/32',
  'a list of countries such as CH,DE': 'eine Liste von Ländern wie CH,DE',
  'a path such as /admin': 'ein Pfad wie /admin',

  // Cases
  'a member of the group': 'ein Mitglied der Gruppe',
  'a member of the group, changing something': 'ein Mitglied der Gruppe, das etwas ändert',
  'somebody else': 'jemand anderes',
  'another segment': 'ein anderes Segment',
  'an auditor who reads': 'jemand von der Revision, lesend',
  'an auditor who writes': 'jemand von der Revision, schreibend',
  'an auditor who opens a raw connection': 'jemand von der Revision, der eine rohe Verbindung öffnet',
  'somebody else who writes': 'jemand anderes, schreibend',
  'a contractor before': 'jemand Externes, vorher',
  'a contractor afterwards': 'jemand Externes, nachher',
  'an employee afterwards': 'jemand Angestelltes, nachher',
  'a contractor in their segment': 'jemand Externes im eigenen Segment',
  'a contractor elsewhere': 'jemand Externes anderswo',
  'a contractor where there is no segment': 'jemand Externes, wo kein Segment ist',
  'an employee': 'jemand Angestelltes',
  'on call, with a fresh second factor': 'in Bereitschaft, mit frischem zweitem Faktor',
  'on call, signed in this morning': 'in Bereitschaft, am Morgen angemeldet',
  'on call, with a password alone': 'in Bereitschaft, nur mit Passwort',
  'with an approved request': 'mit bewilligter Zugriffsanfrage',
  without: 'ohne',
  'without, elsewhere': 'ohne, anderswo',
  'a service account': 'ein Dienstkonto',
  'a service account elsewhere': 'ein Dienstkonto anderswo',
  'a person': 'ein Mensch',
  'a person elsewhere': 'ein Mensch anderswo',
  'a visitor of a public resource': 'Besuch einer öffentlichen Ressource',
  'a visitor elsewhere': 'Besuch anderswo',
  'with an authenticator app': 'mit einer Authenticator-App',
  'with a passkey': 'mit einem Passkey',
  'with a password alone': 'nur mit Passwort',
  'a password alone': 'nur ein Passwort',
  'shown just now': 'eben gezeigt',
  'shown an hour ago': 'vor einer Stunde gezeigt',
  elsewhere: 'anderswo',
  'Wednesday noon': 'Mittwoch Mittag',
  'Wednesday evening': 'Mittwoch Abend',
  'Saturday noon': 'Samstag Mittag',
  'Saturday noon elsewhere': 'Samstag Mittag anderswo',
  'a change before': 'eine Änderung vorher',
  'a change within': 'eine Änderung dazwischen',
  'reading within': 'Lesen dazwischen',
  'a change afterwards': 'eine Änderung nachher',
  'from one of them': 'von dort',
  'from another one of them': 'von dort, aus einem anderen',
  'from elsewhere': 'von anderswo',
  'from another country': 'aus einem anderen Land',
  'from an address without a country': 'von einer Adresse ohne Land',
  'from another country, elsewhere': 'aus einem anderen Land, anderswo',
  'at home, with a password': 'zu Hause, mit Passwort',
  'abroad, with a password': 'im Ausland, mit Passwort',
  'abroad, with an authenticator app': 'im Ausland, mit einer Authenticator-App',
  'nobody knows where, with a password': 'niemand weiss wo, mit Passwort',
  'a healthy device': 'ein gesundes Gerät',
  'its disk is not encrypted': 'seine Platte ist nicht verschlüsselt',
  'nobody knows whether its screen locks': 'niemand weiss, ob sein Bildschirm sich sperrt',
  'an old report': 'eine alte Meldung',
  'no device is known': 'kein Gerät ist bekannt',
  'a forward elsewhere': 'eine Weiterleitung anderswohin',
  'at the limit': 'an der Grenze',
  'above it': 'darüber',
  'no risk': 'kein Risiko',
  'risk, and a factor shown just now': 'Risiko, und ein eben gezeigter Faktor',
  'risk, and an old sign-in': 'Risiko, und eine alte Anmeldung',
  'anybody of a public resource, where nobody is asked who they are':
    'wer auch immer an einer öffentlichen Ressource, wo niemand gefragt wird, wer er ist',
  'a user of a resource with sign-in': 'jemand an einer Ressource mit Anmeldung',
  'signed in': 'angemeldet',
  'with a token': 'mit einem Token',
  'with a token elsewhere': 'mit einem Token anderswo',
  'an administrator there': 'jemand von der Administration dort',
  'somebody else there': 'jemand anderes dort',
  'somebody else next to it': 'jemand anderes daneben',
};
