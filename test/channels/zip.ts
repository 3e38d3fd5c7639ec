/** Writes zips, well-formed and otherwise, member by member. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface Member {
  readonly name: Buffer;
  readonly content: Buffer;
  readonly flags?: number;
  readonly versionMadeBy?: number;
  readonly externalAttributes?: number;
  /** What the zip says, where that differs from the truth. */
  readonly claims?: { readonly size?: number; readonly crc?: number };
}

/** A zip of these files, packed. */
export function zipOf(files: Readonly<Record<string, Buffer>>): Buffer {
  return zipOfMembers(
    Object.entries(files).map(([name, content]) => ({ name: Buffer.from(name, 'utf8'), content })),
  );
}

export function zipOfMembers(members: readonly Member[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const packed = deflateRawSync(member.content);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(member.flags ?? 0, 2);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(member.claims?.crc ?? crc32(member.content), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(member.claims?.size ?? member.content.length, 18);
    facts.writeUInt16LE(member.name.length, 22);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), facts, member.name, packed]);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(member.versionMadeBy ?? 20, 4);
    facts.copy(central, 6);
    central.writeUInt32LE(member.externalAttributes ?? 0, 38);
    central.writeUInt32LE(offset, 42);
    locals.push(local);
    centrals.push(Buffer.concat([central, member.name]));
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
