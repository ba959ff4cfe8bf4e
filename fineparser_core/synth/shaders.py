"""The shader programs of `synth.rasterizer`, in GLSL 3.30."""

SOLID_VERTEX = """
#version 330
uniform mat4 view;
uniform vec2 tips;
in vec3 at; in vec3 normal; in vec3 colour; in vec2 bend;
out vec3 place; out vec3 facing; out vec3 base; out float shine; out float mark; out vec2 cover;
void main() {
    place = at + vec3(0, 0, dot(bend, tips));
    facing = normal; base = colour; shine = 0.05; mark = 0.0; cover = vec2(-1);
    gl_Position = view * vec4(place, 1);
}
"""

BODY_VERTEX = """
#version 330
uniform mat4 view;
uniform vec4 moves[SEGMENTS];
uniform vec3 skin;
uniform float gloss;
in vec3 at; in vec3 normal; in vec4 weights; in vec2 covers; in ivec4 segments;
out vec3 place; out vec3 facing; out vec3 base; out float shine; out float mark; out vec2 cover;
void main() {
    vec4 x = vec4(0), y = vec4(0), z = vec4(0);
    for (int k = 0; k < 4; k++) {
        int s = 3 * segments[k];
        x += weights[k] * moves[s]; y += weights[k] * moves[s + 1]; z += weights[k] * moves[s + 2];
    }
    vec4 p = vec4(at, 1);
    place = vec3(dot(x, p), dot(y, p), dot(z, p));
    facing = vec3(dot(x.xyz, normal), dot(y.xyz, normal), dot(z.xyz, normal));
    base = skin; shine = gloss; mark = 1.0; cover = covers;
    gl_Position = view * vec4(place, 1);
}
"""

# `mark` is 1 on bodies: there suit and hair cover the skin where the interpolated distances are positive.
FRAGMENT = """
#version 330
uniform vec3 toward; uniform vec3 lamp; uniform vec3 sky; uniform vec3 below; uniform vec3 eye;
uniform vec3 suit; uniform vec3 hair;
uniform float opacity; uniform float keep_above; uniform float wet_line;
in vec3 place; in vec3 facing; in vec3 base; in float shine; in float mark; in vec2 cover;
out vec4 result;
void main() {
    if (mark > 0.5 && wet_line > 0.5 && place.z * keep_above < 0.0) discard;
    vec3 n = normalize(facing), look = normalize(eye - place), colour = base;
    if (dot(n, look) < 0.0 && mark < 0.5) n = -n;
    float gloss = shine;
    if (mark > 0.5) {
        if (cover.x > 0.0) { colour = suit; gloss *= 0.6; }
        if (cover.y > 0.0) { colour = hair; gloss *= 0.7; }
    }
    float up = 0.5 + 0.5 * n.z;
    vec3 light = mix(below, sky, up * up) + lamp * max(0.0, (dot(n, toward) + 0.15) / 1.15);
    // Skin at grazing angles is darker where light comes from all sides of the hall, and wet skin mirrors the sky.
    float rim = 1.0 - max(0.0, dot(n, look));
    vec3 halfway = normalize(toward + look);
    float peak = pow(max(0.0, dot(n, halfway)), 36.0);
    vec3 mirror = (sky * up * (0.15 + rim * rim * rim) + lamp * peak * 2.0) * gloss;
    result = vec4(clamp(colour * light * (1.0 - 0.25 * mark * rim * rim) + mirror, 0.0, 1.0) * opacity, opacity);
}
"""

PLANE_VERTEX = """
#version 330
uniform mat4 view; uniform vec3 origin; uniform vec3 u; uniform vec3 v;
in vec2 at;
out vec2 where; out vec3 place;
void main() {
    where = at;
    place = origin + at.x * u + at.y * v;
    gl_Position = view * vec4(place, 1);
}
"""

# Water mirrors a wall: the ray from the eye, turned up by a rippled normal, is met with the wall's plane.
PLANE_FRAGMENT = """
#version 330
uniform sampler2D picture; uniform sampler2D far;
uniform vec2 repeats; uniform float ripple; uniform float time; uniform vec3 eye;
uniform vec3 sky; uniform vec3 lamp; uniform vec3 toward;
uniform vec3 wall_origin; uniform vec3 wall_u; uniform vec3 wall_v; uniform vec2 wall_repeats;
in vec2 where; in vec3 place;
out vec4 result;
vec2 fold(vec2 p) { return abs(mod(p + 1.0, 2.0) - 1.0); }
float wave(vec2 p, vec2 k, float speed, float phase) {
    // What is finer than a pixel averages out.
    float steps = dot(fwidth(p), abs(k));
    return cos(dot(p, k) + speed * time + phase) * exp(-0.5 * steps * steps);
}
void main() {
    vec4 texel = texture(picture, fold(where * repeats));
    vec3 colour = texel.rgb;
    if (ripple > 0.0 && texel.a > 0.5) {
        vec3 look = place - eye;
        float away = length(look);
        look /= away;
        vec2 p = place.xy;
        vec2 tilt = vec2(0);
        tilt += vec2(1.3, 0.4) * wave(p, vec2(2.1, 0.9), 2.0, 0.0);
        tilt += vec2(-0.6, 1.1) * wave(p, vec2(-1.2, 2.3), 2.3, 1.7);
        tilt += vec2(0.9, -0.8) * wave(p, vec2(4.3, -3.9), 3.1, 4.0);
        tilt += vec2(0.3, 1.2) * wave(p, vec2(1.1, 6.2), 3.6, 2.2);
        tilt += vec2(0.7, 0.7) * wave(p, vec2(8.9, 7.7), 4.6, 0.6);
        tilt += vec2(-0.8, 0.5) * wave(p, vec2(-11.3, 5.1), 5.0, 3.1);
        tilt *= ripple;
        vec3 n = normalize(vec3(-tilt, 1.0));
        vec3 r = reflect(look, n);
        r.z = abs(r.z) + 0.01;
        vec3 side = normalize(cross(wall_u, wall_v));
        float share = dot(wall_origin - place, side) / dot(r, side);
        vec3 mirrored = sky * 0.55;
        if (share > 0.0) {
            vec3 hit = place + share * r - wall_origin;
            vec2 spot = vec2(dot(hit, wall_u) / dot(wall_u, wall_u), dot(hit, wall_v) / dot(wall_v, wall_v));
            if (spot.y > 0.0) mirrored = textureLod(far, fold(spot * wall_repeats), 2.0).rgb;
        }
        float facing = clamp(dot(-look, n), 0.0, 1.0);
        float fresnel = 0.03 + 0.97 * pow(1.0 - facing, 5.0);
        float glint = pow(max(0.0, dot(r, toward)), 180.0);
        // Refraction moves what is seen below the surface.
        vec4 shifted = texture(picture, fold((where + 0.006 * tilt) * repeats));
        vec3 under = shifted.a > 0.5 ? shifted.rgb : colour;
        colour = mix(under * (1.0 + 0.9 * (tilt.x + tilt.y)), mirrored, min(fresnel, 0.75)) + lamp * glint;
    }
    result = vec4(colour, 1.0);
}
"""
