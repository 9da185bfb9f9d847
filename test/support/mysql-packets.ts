/** Three bytes of length, one that counts. */
const HEADER = 4;
/** A packet of this length is followed by another one that belongs to it. */
const LONGEST = 0xff_ff_ff;

/** Takes a stream apart into packets of MySQL's protocol. @returns what takes the stream */
export function packetsIn(onPacket: (packet: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (rest.length >= HEADER) {
      const end = HEADER + rest.readUIntLE(0, 3);
      if (rest.length < end) return;
      const packet = rest.subarray(0, end);
      rest = rest.subarray(end);
      onPacket(packet);
    }
  };
}

/**
 * Takes what a client sends apart into commands, each of them whole, however many packets it has.
 * @param onCommand given the bytes as they are, the code of the command, and what gives its text
 */
export function commandsIn(
  onCommand: (bytes: Buffer, code: number, text: () => string) => void,
): (chunk: Buffer) => void {
  let packets: Buffer[] = [];
  return packetsIn((packet) => {
    packets.push(packet);
    if (packet.length - HEADER === LONGEST) return;
    const bytes = packets.length > 1 ? Buffer.concat(packets) : packet;
    packets = [];
    onCommand(bytes, bytes[HEADER] ?? 0, () => bytes.toString('utf8', HEADER + 1));
  });
}
