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
import java.util.HashMap;
import java.util.Map;

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
        int buffer = Integer.parseInt(settings.get("buffer"));
        NioEventLoopGroup group = new NioEventLoopGroup(1);
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
