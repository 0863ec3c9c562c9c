import { LFTP_IMPLICIT, LFTP_PLAIN } from './ftp-clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...LFTP_PLAIN, start: playLatchkey });
interopSuite({ ...LFTP_IMPLICIT, start: playLatchkey });
