import { OPENSSH_SCP } from './clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...OPENSSH_SCP, start: playLatchkey });
