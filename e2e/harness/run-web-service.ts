/** The web service of the tests as a process of its own, to be killed or put elsewhere. Usage: run-web-service.ts PORT */
import { startWebService } from './web-service.ts';

const service = await startWebService({ after: () => undefined }, Number(process.argv[2]));
process.stdout.write(`listening on ${service.port}\n`);
