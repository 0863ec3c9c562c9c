import { LFTP, OPENSSH_SCP, OPENSSH_SFTP, PARAMIKO, RCLONE } from './clients.js';
import { playSshd } from './servers.js';
import { interopSuite } from './suite.js';

for (const c of [OPENSSH_SFTP, OPENSSH_SCP, LFTP]) interopSuite({ ...c, start: playSshd });
interopSuite({ ...RCLONE, start: playSshd });
interopSuite({ ...PARAMIKO, start: playSshd });
