import { RCLONE_EXPLICIT } from './ftp-clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...RCLONE_EXPLICIT, start: playLatchkey });
