import { BASIC_FTP } from './ftp-clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...BASIC_FTP, start: playLatchkey });
