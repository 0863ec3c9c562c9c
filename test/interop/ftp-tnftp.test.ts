import { TNFTP } from './ftp-clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...TNFTP, start: playLatchkey });
