import { FTPLIB_EXPLICIT, FTPLIB_PLAIN } from './ftp-clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...FTPLIB_EXPLICIT, start: playLatchkey });
interopSuite({ ...FTPLIB_PLAIN, start: playLatchkey });
