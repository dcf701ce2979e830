// @peculiar/x509 builds its extensions with tsyringe, which wants the Reflect metadata API to be there before it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as Crypto);

export { x509 };
