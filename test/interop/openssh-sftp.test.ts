import { OPENSSH_SFTP } from './clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...OPENSSH_SFTP, start: playLatchkey });
