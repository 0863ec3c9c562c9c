import { LFTP } from './clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...LFTP, start: playLatchkey });
