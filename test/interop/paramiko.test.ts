import { PARAMIKO } from './clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...PARAMIKO, start: playLatchkey });
