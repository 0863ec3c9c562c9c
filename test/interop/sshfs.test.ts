import { SSHFS } from './clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...SSHFS, start: playLatchkey });
