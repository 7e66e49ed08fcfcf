// Netty: streams that are sent back or to all, and datagrams that are sent back, on one thread.
//
// Started as `NettyServer LOAD name=value...`; it prints `listening ADDRESS` once it is ready.

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

public final class NettyServer {
    /** Writes what was read, and flushes once for all that one look at the connection brought. */
    @Sharable
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof DatagramPacket) {
                DatagramPacket packet = (DatagramPacket) message;
                context.write(new DatagramPacket(packet.content(), packet.sender()));
            } else {
                context.write(message);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        /** Reads nothing while too much waits to be written. */
        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            context.channel().config().setAutoRead(context.channel().isWritable());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /** Tells all connections what one of them says. */
    @Sharable
    private static final class TellAll extends ChannelInboundHandlerAdapter {
        private final ChannelGroup all;

        TellAll(EventExecutor executor) {
            all = new DefaultChannelGroup(executor);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            all.add(context.channel());
        }

        /** Those that have gone leave the group by themselves. */
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            all.writeAndFlush(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /** Another thread hands over tasks as fast as it can; how many a second have run. */
    private static void spawn(NioEventLoopGroup group, int count) throws InterruptedException {
        EventExecutor executor = group.next();
        // Compiled by then, as a server that has run for a while is.
        for (int round = 0; round < 3; round++) {
            CountDownLatch done = new CountDownLatch(1);
            AtomicInteger run = new AtomicInteger();
            long start = System.nanoTime();
            for (int at = 0; at < count; at++) {
                executor.execute(() -> {
                    if (run.incrementAndGet() == count) {
                        done.countDown();
                    }
                });
            }
            done.await();
            double seconds = (System.nanoTime() - start) / 1e9;
            if (round == 2) {
                System.out.println("tasks_per_second " + count / seconds);
            }
        }
        System.exit(0);
    }

    private static void timeouts(NioEventLoopGroup group, int count, int microseconds)
        throws InterruptedException {
        long[] waits = new long[count];
        CountDownLatch done = new CountDownLatch(1);
        EventExecutor executor = group.next();
        executor.execute(new Runnable() {
            private long start = System.nanoTime();
            private int at = -1;

            @Override
            public void run() {
                if (at >= 0) {
                    waits[at] = System.nanoTime() - start;
                }
                if (++at == count) {
                    done.countDown();
                    return;
                }
                start = System.nanoTime();
                executor.schedule(this, microseconds, TimeUnit.MICROSECONDS);
            }
        });
        done.await();
        Arrays.sort(waits);
        System.out.println("p50_microseconds " + waits[(count - 1) / 2] / 1000.0);
        System.out.println("p99_microseconds " + waits[(count - 1) * 99 / 100] / 1000.0);
        System.exit(0);
    }

    public static void main(String[] words) throws InterruptedException {
        Map<String, String> settings = new HashMap<>();
        for (String word : words) {
            int at = word.indexOf('=');
            if (at > 0) {
                settings.put(word.substring(0, at), word.substring(at + 1));
            }
        }
        if (settings.containsKey("path")) {
            System.err.println("the NIO transport of this version has no Unix sockets");
            System.exit(2);
        }
        NioEventLoopGroup group = new NioEventLoopGroup(1);
        if (settings.containsKey("count")) {
            int count = Integer.parseInt(settings.get("count"));
            if (words[0].equals("spawn")) {
                spawn(group, count);
            } else {
                timeouts(group, count, Integer.parseInt(settings.get("microseconds")));
            }
        }
        int buffer = Integer.parseInt(settings.get("buffer"));
        InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        Channel channel;
        if (words[0].equals("echo") || words[0].equals("broadcast")) {
            ServerBootstrap server = new ServerBootstrap();
            server.group(group, group).channel(NioServerSocketChannel.class);
            server.option(ChannelOption.SO_BACKLOG, 1024);
            server.childOption(ChannelOption.TCP_NODELAY, true);
            server.childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT);
            FixedRecvByteBufAllocator buffers = new FixedRecvByteBufAllocator(buffer);
            server.childOption(ChannelOption.RCVBUF_ALLOCATOR, buffers);
            boolean broadcast = words[0].equals("broadcast");
            server.childHandler(broadcast ? new TellAll(group.next()) : new Echo());
            channel = server.bind(any).sync().channel();
        } else {
            Bootstrap server = new Bootstrap();
            server.group(group).channel(NioDatagramChannel.class);
            server.option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT);
            server.option(
                ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(buffer));
            server.handler(new Echo());
            channel = server.bind(any).sync().channel();
        }
        int port = ((InetSocketAddress) channel.localAddress()).getPort();
        System.out.println("listening 127.0.0.1:" + port);
        System.out.flush();
        channel.closeFuture().sync();
    }
}
