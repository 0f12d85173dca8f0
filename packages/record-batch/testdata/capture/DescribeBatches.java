import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.*;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.utils.BufferSupplier;

/**
 * Cuts one batch out of a partition's log segments and writes what Kafka's own classes read from it.
 * Arguments: partition directory, index of the batch, case directory. Or: --stdout and a segment file, for all its batches as one JSON array.
 */
public class DescribeBatches {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("--stdout")) {
      List<String> all = new ArrayList<>();
      for (var batch : read(Path.of(args[1]))) all.add(describe(batch));
      System.out.println("[" + String.join(",\n", all) + "]");
      return;
    }
    List<DefaultRecordBatch> batches = new ArrayList<>();
    try (var files = Files.list(Path.of(args[0]))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".log")).sorted().toList()) batches.addAll(read(file));
    }
    write(Path.of(args[2]), batches.get(Integer.parseInt(args[1])));
  }

  static List<DefaultRecordBatch> read(Path file) throws Exception {
    List<DefaultRecordBatch> batches = new ArrayList<>();
    try (FileRecords records = FileRecords.open(file.toFile(), false)) {
      for (var batch : records.batches()) {
        ByteBuffer buffer = ByteBuffer.allocate(batch.sizeInBytes());
        batch.writeTo(buffer);
        buffer.flip();
        var loaded = (DefaultRecordBatch) MemoryRecords.readableRecords(buffer).batches().iterator().next();
        loaded.ensureValid();
        batches.add(loaded);
      }
    }
    return batches;
  }

  static void write(Path dir, DefaultRecordBatch batch) throws Exception {
    ByteBuffer buffer = ByteBuffer.allocate(batch.sizeInBytes());
    batch.writeTo(buffer);
    Files.createDirectories(dir);
    Files.write(dir.resolve("batch.bin"), buffer.array());
    Files.writeString(dir.resolve("expected.json"), describe(batch) + "\n");
  }

  static String describe(DefaultRecordBatch batch) throws Exception {
    var fields = new LinkedHashMap<String, String>();
    fields.put("baseOffset", quote(batch.baseOffset()));
    fields.put("lastOffset", quote(batch.lastOffset()));
    fields.put("nextOffset", quote(batch.nextOffset()));
    fields.put("sizeInBytes", "" + batch.sizeInBytes());
    fields.put("partitionLeaderEpoch", "" + batch.partitionLeaderEpoch());
    fields.put("magic", "" + batch.magic());
    fields.put("crc", "" + batch.checksum());
    fields.put("codec", quote(batch.compressionType().name));
    fields.put("timestampType", quote(batch.timestampType().name));
    fields.put("isTransactional", "" + batch.isTransactional());
    fields.put("isControl", "" + batch.isControlBatch());
    fields.put("deleteHorizonMs", batch.deleteHorizonMs().isPresent() ? quote(batch.deleteHorizonMs().getAsLong()) : "null");
    fields.put("baseTimestamp", quote(batch.baseTimestamp()));
    fields.put("maxTimestamp", quote(batch.maxTimestamp()));
    fields.put("producerId", quote(batch.producerId()));
    fields.put("producerEpoch", "" + batch.producerEpoch());
    fields.put("baseSequence", "" + batch.baseSequence());
    fields.put("recordCount", "" + batch.countOrNull());
    List<String> records = new ArrayList<>();
    try (var iterator = batch.streamingIterator(BufferSupplier.NO_CACHING)) {
      while (iterator.hasNext()) {
        Record record = iterator.next();
        if (batch.isControlBatch()) fields.put("control", control(record));
        records.add(record(record));
      }
    }
    fields.put("records", array(records, "    "));
    return object(fields, "  ");
  }

  static String control(Record record) {
    var fields = new LinkedHashMap<String, String>();
    var type = ControlRecordType.parse(record.key());
    fields.put("type", quote(type.name().toLowerCase(Locale.ROOT)));
    fields.put("coordinatorEpoch", "" + EndTransactionMarker.deserialize(record).coordinatorEpoch());
    return object(fields, "    ");
  }

  static String record(Record record) throws Exception {
    var fields = new LinkedHashMap<String, String>();
    fields.put("offset", quote(record.offset()));
    fields.put("timestamp", quote(record.timestamp()));
    fields.put("key", content(record.key()));
    fields.put("value", content(record.value()));
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      byte[] value = header.value();
      headers.add("{ \"key\": " + quote(header.key()) + ", \"value\": " + content(value == null ? null : ByteBuffer.wrap(value)) + " }");
    }
    fields.put("headers", array(headers, "          "));
    return object(fields, "      ");
  }

  /** Hex; of anything large its length and SHA-256. */
  static String content(ByteBuffer buffer) throws Exception {
    if (buffer == null) return "null";
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    if (bytes.length <= 512) return quote(HexFormat.of().formatHex(bytes));
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    return "{ \"length\": " + bytes.length + ", \"sha256\": " + quote(digest) + " }";
  }

  static String quote(Object value) {
    StringBuilder text = new StringBuilder("\"");
    for (char c : value.toString().toCharArray()) {
      if (c == '"' || c == '\\') text.append('\\').append(c);
      else if (c < 0x20 || c > 0x7e) text.append(String.format("\\u%04x", (int) c));
      else text.append(c);
    }
    return text.append('"').toString();
  }

  static String array(List<String> items, String indent) {
    if (items.isEmpty()) return "[]";
    return "[\n" + indent + String.join(",\n" + indent, items) + "\n" + indent.substring(2) + "]";
  }

  static String object(Map<String, String> fields, String indent) {
    List<String> lines = new ArrayList<>();
    fields.forEach((name, value) -> lines.add(quote(name) + ": " + value));
    return "{\n" + indent + String.join(",\n" + indent, lines) + "\n" + indent.substring(2) + "}";
  }
}
