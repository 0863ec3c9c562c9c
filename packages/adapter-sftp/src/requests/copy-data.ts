import { STATUS } from '../codec/constants.js';
import { okReply } from '../codec/replies.js';
import { StatusError } from '../errors.js';
import { onHandle, type RequestHandler } from './request.js';

/** Bytes copied at a time. */
const COPY_BYTES = 256 * 1024;

/** copy-data (draft-ietf-secsh-filexfer-extensions-00, section 7): from one handle to another, 0 bytes means to the end. */
export const copyData: RequestHandler = ({ handles, ended }, id, reader) => {
  const source = handles.file(reader.bytes());
  const from = reader.uint64();
  const length = reader.uint64();
  const target = handles.writableFile(reader.bytes());
  const to = reader.uint64();
  if (source === target) throw new StatusError(STATUS.FAILURE, 'cannot copy within one handle');
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) {
    throw new StatusError(STATUS.FAILURE, 'the offset is too large');
  }
  return {
    order: onHandle(target, true),
    async run() {
      let copied = 0;
      const wanted = length === 0 ? Number.POSITIVE_INFINITY : length;
      while (copied < wanted) {
        if (ended.aborted) throw new StatusError(STATUS.FAILURE, 'the session has ended');
        const size = Math.min(COPY_BYTES, wanted - copied);
        const { pieces, giveBack } = await source.run(false, () => source.read(from + copied, size));
        if (pieces.length === 0) break;
        for (const piece of pieces) {
          await target.file.write(to + copied, piece);
          copied += piece.length;
        }
        giveBack();
      }
      return okReply(id);
    },
  };
};
