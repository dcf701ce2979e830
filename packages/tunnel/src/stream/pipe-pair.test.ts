import { byteStreamSuite } from './byte-stream.suite.ts';
import { pipePair } from './pipe-pair.ts';

byteStreamSuite('pipe pair', async () => pipePair());
