import { RCLONE } from './clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...RCLONE, start: playLatchkey });
