import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.server.log.remote.storage.LogSegmentData;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata.CustomMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteResourceNotFoundException;
import org.apache.kafka.server.log.remote.storage.RemoteStorageException;
import org.apache.kafka.server.log.remote.storage.RemoteStorageManager;

/**
 * A remote store that is a folder. Its file "slow" (milliseconds, reads, offset), where there is one, makes the first reads slow of each segment
 * that starts at the offset or above; "slow-reads" gets a byte for each of them. A read that the broker interrupts was slow for nothing, as with a real store.
 */
public class FolderStorage implements RemoteStorageManager {
  private final Map<Uuid, Integer> reads = new ConcurrentHashMap<>();
  private Path folder;

  @Override
  public void configure(Map<String, ?> configs) {
    folder = Path.of((String) configs.get("folder"));
  }

  @Override
  public Optional<CustomMetadata> copyLogSegmentData(RemoteLogSegmentMetadata metadata, LogSegmentData data)
      throws RemoteStorageException {
    try {
      Files.copy(data.logSegment(), file(metadata, "LOG"));
      Files.copy(data.offsetIndex(), file(metadata, "OFFSET"));
      Files.copy(data.timeIndex(), file(metadata, "TIMESTAMP"));
      Files.copy(data.producerSnapshotIndex(), file(metadata, "PRODUCER_SNAPSHOT"));
      if (data.transactionIndex().isPresent()) Files.copy(data.transactionIndex().get(), file(metadata, "TRANSACTION"));
      try (FileChannel channel =
          FileChannel.open(file(metadata, "LEADER_EPOCH"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        channel.write(data.leaderEpochIndex().duplicate());
      }
    } catch (IOException e) {
      throw new RemoteStorageException(e);
    }
    return Optional.empty();
  }

  @Override
  public InputStream fetchLogSegment(RemoteLogSegmentMetadata metadata, int start) throws RemoteStorageException {
    delay(metadata);
    try {
      return Channels.newInputStream(FileChannel.open(file(metadata, "LOG")).position(start));
    } catch (IOException e) {
      throw new RemoteStorageException(e);
    }
  }

  @Override
  public InputStream fetchLogSegment(RemoteLogSegmentMetadata metadata, int start, int end) {
    throw new UnsupportedOperationException("the broker reads from a position on");
  }

  @Override
  public InputStream fetchIndex(RemoteLogSegmentMetadata metadata, IndexType type) throws RemoteStorageException {
    try {
      return Files.newInputStream(file(metadata, type.name()));
    } catch (NoSuchFileException e) {
      throw new RemoteResourceNotFoundException(e);
    } catch (IOException e) {
      throw new RemoteStorageException(e);
    }
  }

  @Override
  public void deleteLogSegmentData(RemoteLogSegmentMetadata metadata) throws RemoteStorageException {
    try (Stream<Path> files = Files.list(folder)) {
      String prefix = metadata.remoteLogSegmentId().id() + ".";
      for (Path path : files.filter(one -> one.getFileName().toString().startsWith(prefix)).toList()) Files.delete(path);
    } catch (IOException e) {
      throw new RemoteStorageException(e);
    }
  }

  @Override
  public void close() {}

  private Path file(RemoteLogSegmentMetadata metadata, String kind) {
    return folder.resolve(metadata.remoteLogSegmentId().id() + "." + kind);
  }

  private void delay(RemoteLogSegmentMetadata metadata) throws RemoteStorageException {
    try {
      Path slow = folder.resolve("slow");
      if (!Files.exists(slow)) return;
      String[] wanted = Files.readString(slow).trim().split(" ");
      if (metadata.startOffset() < Long.parseLong(wanted[2])) return;
      int read = reads.merge(metadata.remoteLogSegmentId().id(), 1, Integer::sum);
      if (read > Integer.parseInt(wanted[1])) return;
      Files.write(folder.resolve("slow-reads"), new byte[1], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      Thread.sleep(Long.parseLong(wanted[0]));
    } catch (IOException | InterruptedException e) {
      throw new RemoteStorageException(e);
    }
  }
}
