export const messages = {
  title: 'First steps',
  subtitle: 'From nothing to a service that people reach. Each step is ticked as soon as it is done.',
  done: 'Done',
  next: 'Now',
  later: 'Later',
  'owner.title': 'Create the first owner',
  'owner.text': '{name} manages this organization.',
  'gateway.title': 'Have a gateway',
  'gateway.text':
    'It takes in visitors and agents. npm start runs one on this machine already; on another machine, enrol it.',
  'gateway.done': '{name} is connected and serves {domain}.',
  'gateway.enrol': 'Enrol a gateway',
  'service.title': 'Publish a service',
  'service.text':
    'On the machine of this console, which needs no sign-in, in the directory of Zeronaut: elsewhere npx would ask a public registry for the program. Put the address of your service in the place of localhost:3000.',
  'service.here':
    'On the machine of this console, which needs no sign-in, as the user who runs it. Put the address of your service in the place of localhost:3000.',
  'service.other': 'A service on another machine is published there, by the same command. That machine signs in once:',
  'service.login': 'Command that signs a machine in',
  'service.expose': 'Command that publishes a service',
  'service.done': { one: '{names} is published.', other: '{names} are published.' },
  'visit.title': 'Open it',
  'visit.text': 'Open the address. You sign in first, as every visitor does.',
  'visit.trust':
    'Your browser warns of the certificate until it trusts the authority of this console. Save its certificate, and add it to the authorities in the settings of the browser.',
  'visit.save': 'Save the certificate',
  'visit.done': 'The first request was let through.',
  'visit.denied': 'A request came and was refused: {reason}.',
  'all.title': 'All is running',
  'all.text': 'Publish more the same way, or declare resources that the gateway reaches by itself.',
  'all.overview': 'Go to the overview',
} as const;
