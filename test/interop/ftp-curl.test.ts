import { CURL_EXPLICIT } from './ftp-clients.js';
import { playLatchkey } from './servers.js';
import { interopSuite } from './suite.js';

interopSuite({ ...CURL_EXPLICIT, start: playLatchkey });
