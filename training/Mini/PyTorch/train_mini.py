#!/usr/bin/env python3
"""Trains the networks of FreeMask's mini bundle on a GPU: autoencoder, text encoder and U-Net, classification backbone.

The networks are those of training/Mini/Networks, with the same parameter names; losses and schedules are those of training/Mini/Stages
but for batch sizes and the number of steps, which follow from the seconds given to each stage. No mask enters any loss.

    freemask train mini-scenes --art art --out scenes          (renders; may still be running)
    train_mini.py --scenes scenes --out weights
    freemask train mini-diffusion --art art --weights weights --out bundle

Needs PyTorch 2, safetensors and transformers. The result is not reproducible bit by bit: GPU kernels add in any order, and the
schedules follow the clock.
"""

import argparse
import json
import math
import os
import threading
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

LATENT = 4
GROUPS, EPSILON = 8, 1e-5


# ---------------------------------------------------------------------------------------------------------------- networks


def norm(channels):
    return nn.GroupNorm(GROUPS, channels, EPSILON)


def conv(inputs, outputs, kernel=3, stride=1, padding=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding)


def double(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def quiet(layer):
    with torch.no_grad():
        layer.weight.mul_(0.2)
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


def zero(layer):
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, time_width=0):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), conv(inputs, outputs)
        self.time_emb_proj = nn.Linear(time_width, outputs) if time_width else None
        self.norm2, self.conv2 = norm(outputs), zero(conv(outputs, outputs))
        self.conv_shortcut = conv(inputs, outputs, 1, 1, 0) if inputs != outputs else None

    def forward(self, x, time=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if self.time_emb_proj is not None:
            h = h + self.time_emb_proj(time)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class Encoder(nn.Module):
    def __init__(self, w1, w2, w3):
        super().__init__()
        self.conv_in, self.down_1, self.res_1 = conv(3, w1, 4, 2), conv(w1, w2, stride=2), ResidualBlock(w2, w2)
        self.down_2, self.res_2, self.res_3 = conv(w2, w3, stride=2), ResidualBlock(w3, w3), ResidualBlock(w3, w3)
        self.conv_norm_out, self.conv_out = norm(w3), conv(w3, 2 * LATENT, 1, 1, 0)

    def forward(self, x):
        h = self.res_1(self.down_1(F.silu(self.conv_in(x))))
        h = self.res_3(self.res_2(self.down_2(h)))
        return self.conv_out(F.silu(self.conv_norm_out(h)))


class Decoder(nn.Module):
    def __init__(self, w1, w2, w3):
        super().__init__()
        self.conv_in, self.res_1, self.res_2 = conv(LATENT, w3), ResidualBlock(w3, w3), ResidualBlock(w3, w3)
        self.up_1, self.res_3, self.up_2, self.res_4 = conv(w3, w2), ResidualBlock(w2, w2), conv(w2, w1), ResidualBlock(w1, w1)
        self.conv_norm_out, self.conv_out = norm(w1), conv(w1, 12)

    def forward(self, z):
        h = self.res_2(self.res_1(self.conv_in(z)))
        h = self.res_3(self.up_1(double(h)))
        h = self.res_4(self.up_2(double(h)))
        return F.pixel_shuffle(self.conv_out(F.silu(self.conv_norm_out(h))), 2)


class AutoEncoder(nn.Module):
    def __init__(self, widths=(32, 64, 96)):
        super().__init__()
        self.encoder, self.decoder = Encoder(*widths), Decoder(*widths)


def split(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def merge(x):
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1)


class TextBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(width, EPSILON), nn.LayerNorm(width, EPSILON)
        self.q_proj, self.k_proj, self.v_proj = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.out_proj, self.fc1, self.fc2 = quiet(nn.Linear(width, width)), nn.Linear(width, 2 * width), quiet(nn.Linear(2 * width, width))

    def forward(self, x):
        h = self.layer_norm1(x)
        q, k, v = (split(layer(h), 4) for layer in (self.q_proj, self.k_proj, self.v_proj))
        x = x + self.out_proj(merge(F.scaled_dot_product_attention(q, k, v, is_causal=True)))
        return x + self.fc2(F.gelu(self.fc1(self.layer_norm2(x))))


class TextEncoder(nn.Module):
    def __init__(self, vocabulary, end, length=16, width=128):
        super().__init__()
        self.end = end
        self.token_embedding, self.position_embedding = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.layers = nn.ModuleList(TextBlock(width) for _ in range(2))
        self.final_layer_norm = nn.LayerNorm(width, EPSILON)
        with torch.no_grad():
            self.token_embedding.weight.mul_(0.5)
            self.position_embedding.weight.mul_(0.02)

    def forward(self, ids):
        h = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        for layer in self.layers:
            h = layer(h)
        return self.final_layer_norm(h) * (ids != self.end).unsqueeze(-1)


class Attention(nn.Module):
    def __init__(self, width, context, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(w, width, bias=False) for w in (width, context, context))
        self.to_out = nn.ModuleList([quiet(nn.Linear(width, width))])

    def forward(self, x, context):
        q, k, v = split(self.to_q(x), self.heads), split(self.to_k(context), self.heads), split(self.to_v(context), self.heads)
        return self.to_out[0](merge(F.scaled_dot_product_attention(q, k, v)))


class TransformerBlock(nn.Module):
    def __init__(self, width, context, heads):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width, EPSILON) for _ in range(3))
        self.attn1, self.attn2 = Attention(width, width, heads), Attention(width, context, heads)
        self.ff_in, self.ff_out = nn.Linear(width, 2 * width), quiet(nn.Linear(2 * width, width))

    def forward(self, x, context):
        own = self.norm1(x)
        x = x + self.attn1(own, own)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff_out(F.gelu(self.ff_in(self.norm3(x))))


class SpatialTransformer(nn.Module):
    def __init__(self, width, context=128, heads=4):
        super().__init__()
        self.norm = norm(width)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(width, context, heads)])

    def forward(self, x, context):
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.transformer_blocks[0](tokens, context).transpose(1, 2).reshape(x.shape)


class TimeEmbedding(nn.Module):
    def __init__(self, width, output):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(width, output), nn.Linear(output, output)
        half = width // 2
        frequencies = torch.exp(-math.log(10_000) * torch.arange(half, dtype=torch.float64) / half).float()
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, timesteps):
        angles = timesteps.float()[:, None] * self.frequencies
        return self.linear_2(F.silu(self.linear_1(torch.cat([angles.cos(), angles.sin()], 1))))


class UNet(nn.Module):
    def __init__(self, fine=64, coarse=128):
        super().__init__()
        time = 4 * fine
        self.time_embedding = TimeEmbedding(fine, time)
        self.conv_in = conv(LATENT, fine)
        self.down_0_res, self.down_0_attn = ResidualBlock(fine, fine, time), SpatialTransformer(fine)
        self.down_0_sample = conv(fine, coarse, stride=2)
        self.down_1_res_0, self.down_1_res_1 = ResidualBlock(coarse, coarse, time), ResidualBlock(coarse, coarse, time)
        self.down_1_attn = SpatialTransformer(coarse)
        self.mid_res_0, self.mid_attn, self.mid_res_1 = (
            ResidualBlock(coarse, coarse, time), SpatialTransformer(coarse), ResidualBlock(coarse, coarse, time))
        self.up_0_res, self.up_0_attn, self.up_0_sample = (
            ResidualBlock(2 * coarse, coarse, time), SpatialTransformer(coarse), conv(coarse, fine))
        self.up_1_res_0, self.up_1_attn, self.up_1_res_1 = (
            ResidualBlock(2 * fine, fine, time), SpatialTransformer(fine), ResidualBlock(fine, fine, time))
        self.conv_norm_out, self.conv_out = norm(fine), zero(conv(fine, LATENT))

    def forward(self, sample, timesteps, context):
        time = F.silu(self.time_embedding(timesteps))
        h = self.down_0_attn(self.down_0_res(self.conv_in(sample), time), context)
        skip_fine = h
        h = self.down_1_res_1(self.down_1_res_0(self.down_0_sample(h), time), time)
        h = self.down_1_attn(h, context)
        skip_coarse = h
        h = self.mid_res_1(self.mid_attn(self.mid_res_0(h, time), context), time)
        h = self.up_0_attn(self.up_0_res(torch.cat([h, skip_coarse], 1), time), context)
        h = self.up_0_sample(double(h))
        h = self.up_1_attn(self.up_1_res_0(torch.cat([h, skip_fine], 1), time), context)
        h = self.up_1_res_1(h, time)
        return self.conv_out(F.silu(self.conv_norm_out(h)))


class DiffusionNetwork(nn.Module):
    def __init__(self, vocabulary, end):
        super().__init__()
        self.text_encoder, self.unet = TextEncoder(vocabulary, end), UNet()


# ---------------------------------------------------------------------------------------------------------------- optimizer


class Optimizer:
    """AdamW with clipping and a moving average; the rate warms up, stays, and falls by a cosine to a hundredth."""

    def __init__(self, module, peak, plateau, decay, averaging, warm_up=200):
        parameters = [p for p in module.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": decay},
            {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
        ]
        self.adam = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.99), fused=True)
        self.parameters, self.peak, self.plateau, self.averaging, self.warm_up = parameters, peak, plateau, averaging, warm_up
        self.average = [p.detach().clone() for p in parameters]
        self.step_count = 0

    def step(self, progress):
        for group in self.adam.param_groups:
            group["lr"] = self.rate(progress)
        self.update()
        self.adam.zero_grad(set_to_none=True)
        self.step_count += 1
        torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - self.keep())

    def update(self):
        """Applies the gradients."""
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.adam.step()

    def capture(self, gradients):
        """Records a whole step as one CUDA graph.

        gradients() computes gradients and returns the loss; all that it reads must stay where it is. The result takes the progress of
        the training and returns the loss, in memory that the next step overwrites.
        """
        rate, keep = torch.zeros((), device="cuda"), torch.zeros((), device="cuda")
        for group in self.adam.param_groups:
            group["lr"], group["capturable"] = rate, True

        def body():
            self.adam.zero_grad(set_to_none=False)
            loss = gradients()
            self.update()
            for average, parameter in zip(self.average, self.parameters):
                average.lerp_(parameter.detach(), 1 - keep)
            return loss

        # A few ordinary steps at rate zero and full keeping first: they choose kernels and allocate the optimizer's state.
        keep.fill_(1)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                body()
        torch.cuda.current_stream().wait_stream(side)
        for state in self.adam.state.values():
            for value in state.values():
                value.zero_()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss = body()

        def step(progress):
            rate.fill_(self.rate(progress))
            self.step_count += 1
            keep.fill_(self.keep())
            graph.replay()
            return loss

        return step

    def rate(self, progress):
        after = min(1.0, max(0.0, (progress - self.plateau) / (1 - self.plateau)))
        return self.peak * min(1.0, (self.step_count + 1) / self.warm_up) * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * after)))

    def keep(self):
        return min(self.averaging, (1.0 + self.step_count) / (10.0 + self.step_count))

    def use_average(self):
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.average):
                parameter.copy_(average)


class Clock:
    """Progress of a stage from 0 to 1 by its seconds."""

    def __init__(self, name, seconds):
        self.name, self.seconds, self.started, self.logged = name, seconds, time.time(), time.time()

    def progress(self):
        return (time.time() - self.started) / self.seconds

    def log(self, every, text):
        if time.time() - self.logged >= every:
            self.logged = time.time()
            say(f"{self.name}: {self.progress():.0%} {text()}")


def say(text):
    print(f"[{time.time() - START:6.1f} s] {text}", flush=True)


# --------------------------------------------------------------------------------------------------------------------- data


class Scenes:
    """The rendered scenes on the device; files that appear while training goes on are added."""

    def __init__(self, folder, capacity, device):
        self.folder, self.device, self.count, self.seen = folder, device, 0, set()
        self.images = torch.empty(capacity, 128, 128, 3, dtype=torch.uint8, device=device)
        self.classes = torch.zeros(capacity, dtype=torch.long, device=device)
        self.kinds = torch.zeros(capacity, dtype=torch.long, device=device)
        self.stop = False
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def close(self):
        """Adds no more scenes: a CUDA graph cannot be recorded while another thread uses the device."""
        self.stop = True
        self.thread.join()

    def watch(self):
        while not self.stop:
            new = sorted(f for f in os.listdir(self.folder) if f.startswith("scenes-") and f.endswith(".safetensors") and f not in self.seen)
            for name in new:
                if self.stop:
                    return
                file = load_file(os.path.join(self.folder, name))
                n = file["classes"].shape[0]
                if self.count + n > self.images.shape[0]:
                    return
                at = slice(self.count, self.count + n)
                self.images[at] = file["images"].to(self.device)
                self.classes[at] = file["classes"].long().to(self.device)
                self.kinds[at] = file["kinds"].long().to(self.device)
                torch.cuda.synchronize()
                self.seen.add(name)
                self.count += n
            time.sleep(0.2)

    def wait(self, count):
        while self.count < count:
            time.sleep(0.2)

    def batch(self, size):
        """[size, 3, 128, 128] in [-1, 1], and the indices."""
        index = torch.randint(self.count, (size,), device=self.device)
        return self.picture(index), index

    def picture(self, index):
        return self.images[index].permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


# ------------------------------------------------------------------------------------------------------------------- stages


def train_autoencoder(scenes, seconds, batch, device):
    network = AutoEncoder().to(device).to(memory_format=torch.channels_last)
    optimizer = Optimizer(network, peak=2e-3, plateau=0.1, decay=1e-4, averaging=0.999, warm_up=100)
    clock = Clock("autoencoder", seconds)
    smoothed = None
    while clock.progress() < 1:
        image, _ = scenes.batch(batch)
        image = image.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cuda", torch.bfloat16):
            posterior = network.encoder(image).float()
            mean, log_variance = posterior[:, :LATENT], posterior[:, LATENT:].clamp(-12, 4)
            latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
            decoded = network.decoder(latent)
        error = decoded.float() - image
        absolute = error.abs().mean()
        gradients = error.diff(dim=3).abs().mean() + error.diff(dim=2).abs().mean()
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        loss = absolute + 0.4 * gradients + 2 * error.square().mean() + 1e-4 * kl
        loss.backward()
        optimizer.step(clock.progress())
        smoothed = absolute.detach() if smoothed is None else torch.lerp(smoothed, absolute.detach(), 0.02)
        clock.log(10, lambda: f"step {optimizer.step_count} l1 {smoothed.item():.4f}, {scenes.count} scenes")
    optimizer.use_average()
    network.eval()
    with torch.no_grad():
        squared = []
        for first in range(0, 2000, 200):
            image = scenes.picture(torch.arange(first, first + 200, device=device))
            decoded = network.decoder(network.encoder(image)[:, :LATENT]).clamp(-1, 1)
            squared.append(((decoded - image) / 2).square().mean((1, 2, 3)))
        say(f"autoencoder: {optimizer.step_count} steps of {batch}, PSNR of training scenes {-10 * torch.cat(squared).log10().mean().item():.2f} dB")
    return network


@torch.no_grad()
def encode(network, scenes, first, last):
    parts = []
    for at in range(first, last, 500):
        image = scenes.picture(torch.arange(at, min(last, at + 500), device=scenes.device))
        parts.append(network.encoder(image)[:, :LATENT])
    return torch.cat(parts)


def train_diffusion(scenes, autoencoder, tables, seconds, batch, device, start):
    """Returns the network, and mean and deviation of the raw latents; start is an earlier result to go on from, or None."""
    scenes.close()
    vocabulary, end = tables["vocabulary"].tolist()
    captions, nothing = tables["captions"].to(device), tables["nothing"].to(device)
    alphas = tables["alphas"].to(device)
    latents = encode(autoencoder, scenes, 0, scenes.count)
    if start:
        statistics = load_file(os.path.join(start, "latents.safetensors"))
        mean, deviation = statistics["mean"].to(device), statistics["deviation"].to(device)
    else:
        mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    latents = (latents - mean[:, None, None]) / deviation[:, None, None]
    say(f"latents: {len(latents)} scenes, deviation {[round(v, 3) for v in deviation.tolist()]}")
    network = DiffusionNetwork(vocabulary, end).to(device)
    if start:
        network.load_state_dict(load_file(os.path.join(start, "diffusion.safetensors")), strict=True)
    network.unet.to(memory_format=torch.channels_last)
    optimizer = Optimizer(network, peak=7e-4 if start else 1.2e-3, plateau=0.15, decay=0.01, averaging=0.9995, warm_up=500)

    def gradients():
        index = torch.randint(len(latents), (batch,), device=device)
        template = torch.randint(captions.shape[2], (batch,), device=device)
        tokens = captions[scenes.classes[index], scenes.kinds[index], template]
        tokens = torch.where(torch.rand(batch, 1, device=device) < 0.1, nothing, tokens)
        timesteps = (torch.sigmoid(0.15 + 1.2 * torch.randn(batch, device=device)) * len(alphas)).long().clamp_(max=len(alphas) - 1)
        latent = latents[index]
        noise = torch.randn_like(latent)
        alpha = alphas[timesteps].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * latent + (1 - alpha).sqrt() * noise
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * latent
        with torch.autocast("cuda", torch.bfloat16):
            predicted = network.unet(noisy, timesteps, network.text_encoder(tokens))
        loss = (predicted.float() - velocity).square().mean()
        loss.backward()
        return loss.detach()

    # The networks are small: launching their kernels one by one would take several times as long as the kernels themselves.
    step = optimizer.capture(gradients)
    clock = Clock("diffusion", seconds)
    smoothed = None
    while clock.progress() < 1:
        loss = step(clock.progress())
        smoothed = loss.clone() if smoothed is None else torch.lerp(smoothed, loss, 0.005)
        clock.log(15, lambda: f"step {optimizer.step_count} loss {smoothed.item():.4f}, {len(latents)} latents")
    optimizer.use_average()
    say(f"diffusion: {optimizer.step_count} steps of {batch}, loss {smoothed.item():.4f}")
    return network, mean, deviation


def train_backbone(scenes, autoencoder, config, seconds, batch, device):
    from transformers import ResNetConfig, ResNetForImageClassification

    network = ResNetForImageClassification(ResNetConfig(**config)).to(device).to(memory_format=torch.channels_last)
    optimizer = Optimizer(network, peak=3e-3, plateau=0.1, decay=0.02, averaging=0.999, warm_up=100)
    imagenet = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], device=device).view(2, 1, 3, 1, 1)
    clock = Clock("backbone", seconds)
    smoothed = None
    while clock.progress() < 1:
        image, index = scenes.batch(batch)
        label = scenes.classes[index]
        with torch.no_grad(), torch.autocast("cuda", torch.bfloat16):
            half = batch // 2
            through = autoencoder.decoder(autoencoder.encoder(image[:half])[:, :LATENT]).float().clamp(-1, 1)
        image = augment(torch.cat([through, image[half:]]))
        normalized = ((image + 1) / 2 - imagenet[0]) / imagenet[1]
        with torch.autocast("cuda", torch.bfloat16):
            logits = network(pixel_values=normalized.contiguous(memory_format=torch.channels_last)).logits
        # Empty scenes have no class: they are ignored.
        loss = F.cross_entropy(logits.float(), torch.where(label > 0, label - 1, -100), label_smoothing=0.05)
        loss.backward()
        optimizer.step(clock.progress())
        smoothed = loss.detach() if smoothed is None else torch.lerp(smoothed, loss.detach(), 0.02)
        clock.log(10, lambda: f"step {optimizer.step_count} loss {smoothed.item():.3f}")
    say(f"backbone: {optimizer.step_count} steps of {batch}, loss {smoothed.item():.3f}")
    return network


def augment(image):
    """Mirrors, crops, blurs and recolors a batch in [-1, 1], each image in its own way."""
    n, device = len(image), image.device
    uniform = lambda low, high: low + (high - low) * torch.rand(n, 1, 1, 1, device=device)
    chance = lambda share: torch.rand(n, 1, 1, 1, device=device) < share
    blurred2 = F.interpolate(F.avg_pool2d(image, 2), size=image.shape[2:], mode="bilinear", align_corners=False)
    blurred4 = F.interpolate(F.avg_pool2d(image, 4), size=image.shape[2:], mode="bilinear", align_corners=False)
    image = torch.where(chance(0.2), blurred2, torch.where(chance(0.15), blurred4, image))
    size = uniform(0.6, 1.0).view(n)
    shift = (1 - size)[:, None] * (2 * torch.rand(n, 2, device=device) - 1)
    mirror = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = size * mirror, size, shift
    image = F.grid_sample(image, F.affine_grid(theta, list(image.shape), align_corners=False), padding_mode="border", align_corners=False)
    grey = (image * torch.tensor([0.299, 0.587, 0.114], device=device).view(1, 3, 1, 1)).sum(1, keepdim=True)
    image = grey + (image - grey) * torch.where(chance(0.1), 0.0, uniform(0.5, 1.5))
    mean = image.mean((1, 2, 3), keepdim=True)
    image = mean + (image - mean) * uniform(0.6, 1.4) + uniform(-0.25, 0.25)
    order = torch.argsort(torch.rand(n, 3, device=device), 1)
    swapped = torch.gather(image, 1, order.view(n, 3, 1, 1).expand_as(image))
    image = torch.where(chance(0.15), swapped, image)
    return (image + uniform(0, 0.06) * torch.randn_like(image)).clamp(-1, 1)


# --------------------------------------------------------------------------------------------------------------------- main


@torch.no_grad()
def check(folder, device):
    """Fails unless the networks give what FreeMask's give for the same weights and input."""
    file = {name: value.to(device) for name, value in load_file(os.path.join(folder, "reference.safetensors")).items()}
    under = lambda prefix: {name[len(prefix):]: value for name, value in file.items() if name.startswith(prefix)}
    autoencoder = AutoEncoder().to(device).eval()
    autoencoder.load_state_dict(under("autoencoder."), strict=True)
    vocabulary, end = load_file(os.path.join(folder, "training.safetensors"))["vocabulary"].tolist()
    diffusion = DiffusionNetwork(vocabulary, end).to(device).eval()
    diffusion.load_state_dict(under("diffusion."), strict=True)
    text = diffusion.text_encoder(file["tokens"])
    results = {
        "posterior": autoencoder.encoder(file["image"]),
        "decoded": autoencoder.decoder(file["latent"]),
        "text": text,
        "velocity": diffusion.unet(file["latent"], file["timestep"], text),
    }
    for name, value in results.items():
        error = ((value - file[name]).abs().max() / file[name].abs().max()).item()
        say(f"check: {name} differs by {error:.1e} of its largest value")
        if not error < 5e-3:
            raise SystemExit(f"The networks of this program differ from FreeMask's: {name}.")


def save(module_or_tensors, path):
    tensors = module_or_tensors.state_dict() if isinstance(module_or_tensors, nn.Module) else module_or_tensors
    tensors = {name: value.detach().float().cpu().contiguous() if value.is_floating_point() else value.cpu() for name, value in tensors.items()}
    save_file(tensors, path, metadata={"format": "pt"})


def main():
    global START
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", required=True, help="folder of freemask train mini-scenes")
    parser.add_argument("--backbone", required=True, help="config.json of the bundle's backbone")
    parser.add_argument("--out", required=True, help="where the weights are written")
    parser.add_argument("--capacity", type=int, default=400_000, help="most scenes that are used")
    parser.add_argument("--first", type=int, default=20_000, help="scenes to wait for before training starts")
    parser.add_argument("--autoencoder-seconds", type=float, default=100)
    parser.add_argument("--diffusion-seconds", type=float, default=300)
    parser.add_argument("--backbone-seconds", type=float, default=60)
    parser.add_argument("--batch", type=int, default=512, help="latents per step of the U-Net")
    parser.add_argument("--start", help="weights of an earlier run: the U-Net goes on from them, the other networks stay")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    START = time.time()
    torch.manual_seed(arguments.seed)
    device = torch.device("cuda")
    torch.backends.cudnn.benchmark = True
    say(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    check(arguments.scenes, device)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    os.makedirs(arguments.out, exist_ok=True)
    tables = load_file(os.path.join(arguments.scenes, "training.safetensors"))
    scenes = Scenes(arguments.scenes, arguments.capacity, device)
    scenes.wait(arguments.first)
    say(f"scenes: {scenes.count} at the start")
    file = lambda name: os.path.join(arguments.out, name)
    if arguments.start:
        autoencoder = AutoEncoder().to(device).to(memory_format=torch.channels_last).eval()
        autoencoder.load_state_dict(load_file(os.path.join(arguments.start, "autoencoder.safetensors")), strict=True)
    else:
        autoencoder = train_autoencoder(scenes, arguments.autoencoder_seconds, 64, device)
        save(autoencoder, file("autoencoder.safetensors"))
        with open(arguments.backbone) as stream:
            config = json.load(stream)
        names = ("depths", "downsample_in_bottleneck", "embedding_size", "hidden_sizes", "layer_type", "num_channels")
        config = {name: config[name] for name in names} | {"num_labels": 20}
        backbone = train_backbone(scenes, autoencoder, config, arguments.backbone_seconds, 256, device)
        save(backbone, file("backbone.safetensors"))
    network, mean, deviation = train_diffusion(
        scenes, autoencoder, tables, arguments.diffusion_seconds, arguments.batch, device, arguments.start)
    save(network, file("diffusion.safetensors"))
    save({"mean": mean, "deviation": deviation}, file("latents.safetensors"))
    say(f"done: {scenes.count} scenes, {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB of GPU memory at most")


if __name__ == "__main__":
    main()
