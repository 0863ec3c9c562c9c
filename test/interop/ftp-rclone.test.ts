import { RCLONE_EXPLICIT, RCLONE_IMPLICIT } from './ftp-clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...RCLONE_EXPLICIT, start: playLatchkey });
interopSuite({ ...RCLONE_IMPLICIT, start: playLatchkey });
